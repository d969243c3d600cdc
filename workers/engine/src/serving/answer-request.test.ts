import { type CompletionEvent, completionRequestSchema } from '@temper/db/contracts'
import { describe, expect, it } from 'vitest'
import type { Decoding } from '../generation/index.ts'
import { createTokenizer } from '../tokenizer/index.ts'
import { byteFallback, byteLevel } from '../tokenizer/layouts.fixture.ts'
import { answerRequest, type Search } from './answer-request.ts'

const tokenizer = createTokenizer(byteLevel())
const encode = (text: string) => tokenizer.encode(text, { addSpecialTokens: false })

/** Tokens one after another, as a model that has them in mind would decode them: `texts[index]`, then the end. */
function scripted(texts: readonly string[], asked: Decoding[] = []) {
  return async (decoding: Decoding) => {
    asked.push(decoding)
    const ids: number[] = []
    const limit = decoding.sampling.maxTokens
    for (const id of [...encode(texts[decoding.index] ?? ''), tokenizer.endOfTurnId].slice(0, limit)) {
      ids.push(id)
      await Promise.resolve()
      if (decoding.onToken?.({ id, logp: -0.5, top: [{ id, logp: -0.5 }] }) === false) break
    }
    return { ids, logps: ids.map(() => -0.5), stopped: ids.at(-1) === tokenizer.endOfTurnId }
  }
}

const noSearch = () => Promise.reject(new Error('no beam search was asked for'))

const request = (part: object = {}) =>
  completionRequestSchema.parse({
    id: 'r',
    prompt: { type: 'messages', messages: [{ role: 'user', content: 'Hi' }] },
    sampling: { maxTokens: 50 },
    seed: 7,
    ...part,
  })

async function answer(
  decode: (decoding: Decoding) => ReturnType<ReturnType<typeof scripted>>,
  part: object = {},
  { contextLength = 100, signal = new AbortController().signal, by = tokenizer } = {},
) {
  const events: CompletionEvent[] = []
  const served = { tokenizer: by, contextLength, precision: 'fp32' as const, decode, search: noSearch }
  await answerRequest(served, request(part), signal, (event) => events.push(event))
  return events
}

function textOf(events: readonly CompletionEvent[], index = 0): string {
  return events.map((event) => (event.type === 'delta' && event.index === index ? event.text : '')).join('')
}

describe('answerRequest', () => {
  it('starts, hands out text, finishes and completes', async () => {
    const events = await answer(scripted(['the end']))
    const promptTokens = encode('<|user|>Hi<|end|><|assistant|>').length
    const tokens = encode('the end').length + 1
    expect(events[0]).toEqual({ type: 'started', id: 'r', promptTokens, precision: 'fp32' })
    expect(events.slice(1, -2).every(({ type }) => type === 'delta')).toBe(true)
    expect(events.slice(-2)).toEqual([
      { type: 'finished', id: 'r', index: 0, reason: 'stop', tokens },
      { type: 'completed', id: 'r' },
    ])
    expect(textOf(events)).toBe('the end')
  })

  it('has every completion decoded with its own index, and completes after the last', async () => {
    const asked: Decoding[] = []
    const texts = ['the', 'the end of it', 'a']
    const events = await answer(scripted(texts, asked), { n: 3 })
    expect(asked.map(({ seed, index }) => [seed, index])).toEqual([[7, 0], [7, 1], [7, 2]]) // biome-ignore format: a row
    expect(texts.map((_, index) => textOf(events, index))).toEqual(texts)
    expect(events.filter(({ type }) => type === 'started')).toHaveLength(1)
    expect(events.filter(({ type }) => type === 'finished')).toHaveLength(3)
    expect(events.at(-1)).toEqual({ type: 'completed', id: 'r' })
  })

  it('ends a completion at its stop text, the others go on', async () => {
    const events = await answer(scripted(['one. END two', 'one. two']), { n: 2, stop: ['END'] })
    expect([textOf(events), textOf(events, 1)]).toEqual(['one. ', 'one. two'])
    const ends = events.flatMap((event) => (event.type === 'finished' ? [[event.index, event.reason]] : []))
    expect(ends.sort()).toEqual([[0, 'stop'], [1, 'stop']]) // biome-ignore format: a row
  })

  it('cuts the limit on tokens to what the context leaves', async () => {
    const asked: Decoding[] = []
    const prompt = { type: 'text', text: 'the end' }
    const contextLength = encode('the end').length + 3
    const events = await answer(scripted(['the end of the end'], asked), { prompt }, { contextLength })
    expect(asked[0]?.sampling.maxTokens).toBe(3)
    expect(events.at(-2)).toMatchObject({ reason: 'length', tokens: 3 })
  })

  it('has log-probs where they are asked for', async () => {
    const [plain, with0] = [await answer(scripted(['the'])), await answer(scripted(['the']), { topLogprobs: 0 })]
    expect(plain[1]).not.toHaveProperty('logprobs')
    expect(with0[1]).toMatchObject({ logprobs: [{ logprob: -0.5 }] })
  })

  it('goes on where a text ends, with a space that would be lost at the beginning of a text', async () => {
    const by = createTokenizer(byteFallback())
    const next = by.encode('the', { addSpecialTokens: false }) // ▁the
    const decode = async ({ onToken }: Decoding) => {
      for (const id of next) onToken?.({ id, logp: -1 })
      return { ids: next, logps: next.map(() => -1), stopped: false }
    }
    expect(textOf(await answer(decode, { prompt: { type: 'text', text: 'the' } }, { by }))).toBe(' the')
    expect(textOf(await answer(decode, {}, { by }))).toBe('the')
  })

  it('refuses prompts that leave no room to answer, with both lengths', async () => {
    const prompt = { type: 'text', text: 'the end' }
    const promptTokens = encode('the end').length
    await expect(answer(scripted(['a']), { prompt }, { contextLength: promptTokens })).rejects.toMatchObject({
      code: 'invalid_input',
      details: { promptTokens, contextLength: promptTokens, param: 'prompt', code: 'context_length_exceeded' },
    })
    expect(textOf(await answer(scripted(['a']), { prompt }, { contextLength: promptTokens + 1 }))).toBe('a')
  })

  it('refuses a prompt without tokens', async () => {
    const { tokenizer: json, config } = byteLevel()
    const silent = createTokenizer({ tokenizer: json, config: { ...config, chat_template: "{{ '' }}" } })
    await expect(answer(scripted(['a']), {}, { by: silent })).rejects.toMatchObject({
      code: 'invalid_input',
      message: expect.stringContaining('no tokens'),
    })
  })

  it('says nothing more once it is cancelled, and frees every slot', async () => {
    const cancel = new AbortController()
    const asked: Decoding[] = []
    const events: CompletionEvent[] = []
    const decode = scripted(['the end', 'the end'], asked)
    const served = { tokenizer, contextLength: 100, precision: 'fp32' as const, decode, search: noSearch }
    const answered = answerRequest(served, request({ n: 2 }), cancel.signal, (event) => {
      events.push(event)
      if (event.type === 'delta') cancel.abort()
    })
    await expect(answered).rejects.toMatchObject({ code: 'cancelled' })
    expect(events.map(({ type }) => type)).toEqual(['started', 'delta'])
    expect(asked.every(({ signal }) => signal?.aborted)).toBe(true)
  })

  it('does not begin where it is cancelled already', async () => {
    const asked: Decoding[] = []
    await expect(answer(scripted(['a'], asked), {}, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'cancelled',
    })
    expect(asked).toEqual([])
  })

  it('answers with the best n completions of a beam search, best first', async () => {
    const asked: Search[] = []
    const search = async (one: Search) => {
      asked.push(one)
      const ids = ['the end', 'the', 'a'].map(encode)
      return ids.map((part, i) => ({
        ids: i === 0 ? [...part, tokenizer.endOfTurnId] : part,
        score: -i,
        stopped: i === 0,
      }))
    }
    const events: CompletionEvent[] = []
    const served = { tokenizer, contextLength: 100, precision: 'fp32' as const, decode: scripted([]), search }
    const beams = { numBeams: 3, lengthPenalty: 2 }
    await answerRequest(served, request({ n: 2, beams }), new AbortController().signal, (event) => events.push(event))
    expect(asked).toMatchObject([{ ...beams, maxTokens: 50, prompt: encode('<|user|>Hi<|end|><|assistant|>') }])
    expect([textOf(events), textOf(events, 1)]).toEqual(['the end', 'the'])
    const ends = events.flatMap((event) => (event.type === 'finished' ? [[event.index, event.reason]] : []))
    expect(ends).toEqual([[0, 'stop'], [1, 'length']]) // biome-ignore format: a row
    expect([events[0]?.type, events.at(-1)?.type]).toEqual(['started', 'completed'])
  })

  it('refuses completions of a beam search whose score is not finite', async () => {
    const search = async () => [{ ids: encode('the'), score: Number.NaN, stopped: false }]
    const served = { tokenizer, contextLength: 100, precision: 'fp32' as const, decode: scripted([]), search }
    const beams = { numBeams: 1, lengthPenalty: 1 }
    await expect(
      answerRequest(served, request({ beams }), new AbortController().signal, () => undefined),
    ).rejects.toMatchObject({ code: 'non_finite' })
  })

  it('ends all completions when one fails, and throws what it failed of', async () => {
    const asked: Decoding[] = []
    const decode = scripted(['the end', 'the end'], asked)
    const failing = (decoding: Decoding) =>
      decoding.index === 1 ? Promise.reject(new Error('no memory')) : decode(decoding)
    await expect(answer(failing, { n: 2 })).rejects.toThrow('no memory')
    expect(asked[0]?.signal?.aborted).toBe(true)
  })
})
