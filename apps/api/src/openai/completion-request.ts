import { randomInt, randomUUID } from 'node:crypto'
import { type CompletionRequest, TemperError } from '@temper/db/contracts'
import { beamsOf } from './beams-of.ts'
import type { ChatRequest, TextRequest } from './request-schemas.ts'

/** Where the client names no limit: the cache of a model grows with the longest request. */
const defaultMaxTokens = 1024

export function fromChat(body: ChatRequest): CompletionRequest {
  const { messages, logprobs, top_logprobs, max_completion_tokens, max_tokens } = body
  if (typeof top_logprobs === 'number' && logprobs !== true) {
    throw new TemperError('invalid_input', 'top_logprobs needs logprobs: true', { details: { param: 'top_logprobs' } })
  }
  return {
    ...shared(body, 'chatcmpl', max_completion_tokens ?? max_tokens),
    prompt: {
      type: 'messages',
      messages: messages.map(({ role, content }) => ({ role: role === 'developer' ? 'system' : role, content })),
    },
    topLogprobs: logprobs === true ? (top_logprobs ?? 0) : undefined,
  }
}

export function fromText(body: TextRequest): CompletionRequest {
  return {
    ...shared(body, 'cmpl', body.max_tokens),
    prompt: { type: 'text', text: body.prompt },
    topLogprobs: body.logprobs ?? undefined,
  }
}

function shared(body: ChatRequest | TextRequest, prefix: string, maxTokens: number | null | undefined) {
  const { stop } = body
  return {
    id: `${prefix}-${randomUUID()}`,
    sampling: {
      temperature: body.temperature ?? 1,
      topP: body.top_p ?? 1,
      topK: Math.max(body.top_k ?? 0, 0),
      minP: body.min_p ?? 0,
      repetitionPenalty: body.repetition_penalty ?? 1,
      frequencyPenalty: body.frequency_penalty ?? 0,
      maxTokens: maxTokens ?? defaultMaxTokens,
    },
    stop: typeof stop === 'string' ? [stop] : (stop ?? []),
    n: body.n ?? 1,
    seed: seedOf(body.seed ?? randomInt(2 ** 31)),
    beams: beamsOf(body),
  }
}

/** OpenAI's seeds are whole numbers of 64 bits and a sign; the engine's are from 0 to below 2⁵³. */
function seedOf(seed: number): number {
  const rest = seed % 2 ** 53
  // Of a negative multiple the rest is −0.
  return rest < 0 ? rest + 2 ** 53 : Math.abs(rest)
}
