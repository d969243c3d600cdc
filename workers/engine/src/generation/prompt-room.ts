import { TemperError } from '@temper/db/contracts'

type Prompts = readonly (readonly number[])[]

/** Throws `invalid_input` for an empty prompt, and for one that leaves no room for `maxTokens` in the context. */
export function checkRoom(prompts: Prompts, maxTokens: number, contextLength: number): void {
  for (const [index, prompt] of prompts.entries()) {
    if (prompt.length > 0 && prompt.length + maxTokens <= contextLength) continue
    const message = `prompt ${index} has ${prompt.length} tokens; with maxTokens ${maxTokens} it must be between 1 and the context of ${contextLength}`
    throw new TemperError('invalid_input', message, { details: { index, tokens: prompt.length, contextLength } })
  }
}

/** Padded length of prompts and of their cache, in tokens: a power of two, so that few lengths need functions of their own. */
export function roomOf(prompts: Prompts, maxTokens: number, contextLength: number) {
  const longest = Math.max(...prompts.map(({ length }) => length))
  const roundedUp = (length: number, least: number) =>
    Math.min(Math.max(least, 2 ** Math.ceil(Math.log2(length))), contextLength)
  return { promptLength: roundedUp(longest, 16), cacheLength: roundedUp(longest + maxTokens, 32) }
}
