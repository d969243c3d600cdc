import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { random, randomInt } from '../random.ts'
import { createTokenizer, loadTokenizer, type Tokenizer } from '../tokenizer/index.ts'
import { byteFallback } from '../tokenizer/layouts.fixture.ts'
import { type CompletionPart, CompletionStream } from './completion-stream.ts'
import { TokenLogprobsQueue } from './token-logprobs.ts'

const fixture = (name: string) =>
  loadTokenizer(join(import.meta.dirname, '../../../../tests/parity/fixtures/tokenizers', name))
const layouts = {
  gpt2: await fixture('gpt2'),
  llama3: await fixture('llama3'),
  qwen2: await fixture('qwen2'),
  byteFallback: createTokenizer(byteFallback()),
}

/** What a completion of these tokens is handed out as; `stopped`: the last is a stop token. */
function stream(tokenizer: Tokenizer, ids: readonly number[], { stop = [] as string[], stopped = false } = {}) {
  const parts: CompletionPart[] = []
  const completion = new CompletionStream({
    decoder: tokenizer.streamDecoder({ skipSpecialTokens: true }),
    stopIds: tokenizer.stopIds,
    stop,
    logprobs: new TokenLogprobsQueue(tokenizer),
    onPart: (part) => parts.push(part),
  })
  const end = ids.findIndex((id, i) => !completion.push({ id, logp: -i, top: [{ id, logp: -i }] }))
  const used = end === -1 ? ids.length : end + 1
  return { parts, used, ...completion.finish({ stopped }), text: parts.map(({ text }) => text).join('') }
}

const bytesOf = (parts: readonly CompletionPart[]) =>
  parts.flatMap(({ logprobs = [] }) => logprobs.flatMap(({ bytes }) => bytes))

const words = ['the', ' end', ' 日本', '語', ' 🙂', '👩‍👩‍👧', 'é', '\n', ' naïve', '.', '\uFEFF']
const wordsOf = (count: number, ...counters: number[]) =>
  Array.from({ length: count }, (_, i) => words[randomInt(words.length, 1, ...counters, i)]).join('')

/** From one character to another of the text, so that it occurs. */
function partOf(text: string, seed: number): string {
  const characters = [...text]
  const first = randomInt(characters.length, 2, seed)
  return characters.slice(first, first + 1 + randomInt(6, 3, seed)).join('')
}

describe.each(Object.entries(layouts))('a completion in tokens of %s', (_, tokenizer) => {
  const encode = (text: string) => tokenizer.encode(text, { addSpecialTokens: false })

  it('is the whole text cut at the first stop text, which may lie anywhere between tokens', () => {
    for (let seed = 0; seed < 300; seed++) {
      const ids = encode(wordsOf(1 + randomInt(12, 4, seed), 5, seed))
      const whole = tokenizer.decode(ids)
      const stop = [partOf(whole, seed), ...(random(6, seed) < 0.5 ? [wordsOf(2, 7, seed)] : [])]
      const at = Math.min(...stop.map((text) => whole.indexOf(text)).filter((place) => place !== -1))
      const { text, reason, parts } = stream(tokenizer, ids, { stop })
      expect({ text, reason }, JSON.stringify({ whole, stop })).toEqual({ text: whole.slice(0, at), reason: 'stop' })
      expect(parts.every((part) => !/[\uFFFD\p{Surrogate}]/u.test(part.text))).toBe(true)
    }
  })

  it('has log-probs of all of its tokens, in order, with its bytes', () => {
    const ids = encode(' naïve 日本語 🙂 the end')
    const { parts, tokens, reason, text } = stream(tokenizer, ids)
    const logprobs = parts.flatMap((part) => part.logprobs ?? [])
    expect(logprobs.map(({ logprob }) => logprob)).toEqual(ids.map((_, i) => -i))
    expect(new TextDecoder().decode(Uint8Array.from(bytesOf(parts))).trimStart()).toBe(text.trimStart())
    expect({ tokens, reason }).toEqual({ tokens: ids.length, reason: 'length' })
  })

  it('hands out the tokens of a character when it is whole', () => {
    const { parts } = stream(tokenizer, encode('a時'))
    expect(parts.at(-1)).toMatchObject({ text: expect.stringMatching(/時$/) })
    expect(bytesOf(parts.slice(-1)).slice(-3)).toEqual([0xe6, 0x99, 0x82])
  })
})

describe('a completion', () => {
  const tokenizer = layouts.llama3
  const encode = (text: string) => tokenizer.encode(text, { addSpecialTokens: false })
  const [stopId = -1] = tokenizer.stopIds

  it('leaves out its stop token and counts it', () => {
    const ids = [...encode('the end'), stopId]
    const { text, parts, reason, tokens } = stream(tokenizer, ids, { stopped: true })
    expect({ text, reason, tokens }).toEqual({ text: 'the end', reason: 'stop', tokens: ids.length })
    expect(parts.flatMap(({ logprobs = [] }) => logprobs)).toHaveLength(ids.length - 1)
  })

  it('asks for no token behind a stop text, and reports none that begins in it', () => {
    const ids = encode('one. END two')
    const { parts, used, text } = stream(tokenizer, ids, { stop: ['END'] })
    expect(tokenizer.decode(ids.slice(0, used))).toMatch(/^one. END/)
    expect(tokenizer.decode(ids.slice(0, used - 1))).not.toContain('END')
    expect(text).toBe('one. ')
    expect(new TextDecoder().decode(Uint8Array.from(bytesOf(parts)))).toMatch(/^one. E?N?D?$/)
    expect(parts.every(({ text: part, logprobs = [] }) => part !== '' && logprobs.length > 0)).toBe(true)
  })

  it('hands out bytes that never became a character at its end, and half a stop text', () => {
    const half = encode('🙂').slice(0, -1)
    expect(stream(tokenizer, [...encode('a EN'), ...half], { stop: ['END'] }).text).toBe('a EN\uFFFD')
    expect(stream(tokenizer, encode('a EN'), { stop: ['END'] }).text).toBe('a EN')
  })

  it('fails where a log-prob is not finite', () => {
    const completion = new CompletionStream({
      decoder: tokenizer.streamDecoder(),
      stopIds: [],
      stop: [],
      onPart: () => undefined,
    })
    expect(completion.push({ id: 5, logp: Number.NaN })).toBe(false)
    expect(() => completion.finish({ stopped: false })).toThrow('not finite')
  })
})
