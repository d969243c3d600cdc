import type { Message } from '@temper/db/contracts'
import { decoderAfter } from './stream-decoder.ts'
import type { Tokenizer } from './tokenizer.ts'

/**
 * Reads sampled ids as the content of an assistant's message, such that the template writes the same again: with the
 * space at its beginning where the template writes answers right behind the prompt, as that of a base model does, and
 * without where the template brings a space of its own.
 */
export function answerReader(tokenizer: Tokenizer): (prompt: readonly number[], ids: readonly number[]) => string {
  if (!writesAnswersAsTheyAre(tokenizer)) return (_, ids) => tokenizer.decode(ids, { skipSpecialTokens: true }).trim()
  return (prompt, ids) => {
    const decoder = decoderAfter(tokenizer, prompt)
    return [...ids.map((id) => decoder.push(id)), decoder.end()].join('').trimEnd()
  }
}

function writesAnswersAsTheyAre(tokenizer: Tokenizer): boolean {
  const question: Message = { role: 'user', content: 'x' }
  const prompt = tokenizer.renderChat([question], { addGenerationPrompt: true })
  const answer = ' y'
  return tokenizer.renderChat([question, { role: 'assistant', content: answer }]).startsWith(prompt + answer)
}
