import type { CompletionEvent } from '@temper/db/contracts'

export type Delta = Extract<CompletionEvent, { type: 'delta' }>
type Started = Extract<CompletionEvent, { type: 'started' }>
type Logprobs = NonNullable<Delta['logprobs']>

/** How answers of one route are written, in OpenAI's terms. */
export interface Form {
  /** `object` of a whole answer, and of a piece of a stream. */
  whole: string
  piece: string
  /** What a choice has beside its index, its log-probs and its end. */
  wholeText(text: string): object
  pieceText(text: string, isFirst: boolean): object
  /** `offset` characters come before. */
  logprobs(logprobs: Logprobs, offset: number): object
}

export const chatForm: Form = {
  whole: 'chat.completion',
  piece: 'chat.completion.chunk',
  wholeText: (content) => ({ message: { role: 'assistant', content, refusal: null } }),
  pieceText: (content, isFirst) => ({ delta: { ...(isFirst && { role: 'assistant' }), content } }),
  logprobs: (logprobs) => ({
    content: logprobs.map(({ top, ...token }) => ({ ...token, top_logprobs: top })),
    refusal: null,
  }),
}

export const textForm: Form = {
  whole: 'text_completion',
  piece: 'text_completion',
  wholeText: (text) => ({ text }),
  pieceText: (text) => ({ text }),
  logprobs: (logprobs, offset) => {
    const before = logprobs.map((_, index) =>
      logprobs.slice(0, index).reduce((sum, { token }) => sum + token.length, 0),
    )
    return {
      tokens: logprobs.map(({ token }) => token),
      token_logprobs: logprobs.map(({ logprob }) => logprob),
      top_logprobs: logprobs.map(({ top }) => Object.fromEntries(top.map(({ token, logprob }) => [token, logprob]))),
      text_offset: before.map((length) => offset + length),
    }
  },
}

export interface Head {
  id: string
  created: number
  model: string
}

/** OpenAI's name for how the model runs, which may change the numbers. */
const fingerprintOf = (started?: Started) => ({
  system_fingerprint: started ? `temper-${started.precision}` : null,
})

export function usageOf(started: Started | undefined, tokens: Map<number, number>) {
  const promptTokens = started?.promptTokens ?? 0
  const completionTokens = Array.from(tokens.values()).reduce((sum, count) => sum + count, 0)
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
  }
}

/** The whole answer, once its last event is there. */
export async function wholeAnswer(form: Form, head: Head, n: number, events: AsyncIterable<CompletionEvent>) {
  const texts = Array.from({ length: n }, () => '')
  const logprobs = Array.from({ length: n }, (): Logprobs | undefined => undefined)
  const ends = Array.from({ length: n }, () => 'stop')
  const tokens = new Map<number, number>()
  let started: Started | undefined
  for await (const event of events) {
    if (event.type === 'started') started = event
    if (event.type === 'delta') {
      texts[event.index] += event.text
      if (event.logprobs) logprobs[event.index] = [...(logprobs[event.index] ?? []), ...event.logprobs]
    }
    if (event.type === 'finished') {
      ends[event.index] = event.reason
      tokens.set(event.index, event.tokens)
    }
  }
  const choices = texts.map((text, index) => ({
    index,
    ...form.wholeText(text),
    logprobs: logprobs[index] ? form.logprobs(logprobs[index], 0) : null,
    finish_reason: ends[index],
  }))
  return { ...head, object: form.whole, ...fingerprintOf(started), choices, usage: usageOf(started, tokens) }
}

/** The pieces of a streamed answer; with usage, a last one without choices has it. */
export async function* pieces(form: Form, head: Head, withUsage: boolean, events: AsyncIterable<CompletionEvent>) {
  const base = { ...head, object: form.piece, ...(withUsage && { usage: null }) }
  const lengths = new Map<number, number>()
  const tokens = new Map<number, number>()
  let started: Started | undefined
  for await (const event of events) {
    if (event.type === 'started') started = event
    if (event.type === 'delta') {
      const { index, text } = event
      const offset = lengths.get(index)
      const logprobs = event.logprobs ? form.logprobs(event.logprobs, offset ?? 0) : null
      lengths.set(index, (offset ?? 0) + text.length)
      const choice = { index, ...form.pieceText(text, offset === undefined), logprobs, finish_reason: null }
      yield { ...base, ...fingerprintOf(started), choices: [choice] }
    }
    if (event.type === 'finished') {
      const { index, reason } = event
      tokens.set(index, event.tokens)
      const choice = { index, ...form.pieceText('', !lengths.has(index)), logprobs: null, finish_reason: reason }
      yield { ...base, ...fingerprintOf(started), choices: [choice] }
    }
  }
  if (withUsage) yield { ...base, ...fingerprintOf(started), choices: [], usage: usageOf(started, tokens) }
}
