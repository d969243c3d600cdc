import { type CompletionRequest, TemperError } from '@temper/db/contracts'
import type { ChatRequest, TextRequest } from './request-schemas.ts'

type Body = ChatRequest | TextRequest

/** Values of keys that a beam search takes; it neither samples nor knows a text before its end. */
const takenBySearch = {
  stream: [false],
  temperature: [0],
  top_p: [1],
  top_k: [0, -1],
  min_p: [0],
  repetition_penalty: [1],
  frequency_penalty: [0],
  stop: [],
  logprobs: [false],
} as const satisfies Partial<Record<keyof Body, readonly unknown[]>>

/** The beam search that a body asks for, if it does. Throws `invalid_input` naming the first key that contradicts it. */
export function beamsOf(body: Body): CompletionRequest['beams'] {
  const { use_beam_search, best_of, length_penalty } = body
  if (use_beam_search !== true) return refuseWithoutSearch(body)
  const n = body.n ?? 1
  const numBeams = best_of ?? n
  for (const [key, taken] of Object.entries(takenBySearch)) {
    const value = body[key as keyof typeof takenBySearch] ?? undefined
    if (value === undefined || (taken as readonly unknown[]).includes(value)) continue
    throw refused(key, `${key} contradicts use_beam_search: it may be ${[...taken, 'left out'].join(' or ')}, got ${JSON.stringify(value)}`) // biome-ignore format: one message
  }
  if (numBeams < n) throw refused('best_of', `best_of must be n (${n}) at least, got ${numBeams}`)
  return { numBeams, lengthPenalty: length_penalty ?? 1 }
}

function refuseWithoutSearch({ best_of, length_penalty }: Body): undefined {
  if ((best_of ?? 1) !== 1) throw refused('best_of', `best_of (${best_of}) needs use_beam_search: true`)
  if ((length_penalty ?? 1) !== 1) throw refused('length_penalty', `length_penalty (${length_penalty}) needs use_beam_search: true`) // biome-ignore format: one message
}

function refused(param: string, message: string): TemperError {
  return new TemperError('invalid_input', message, { details: { param, code: 'invalid_value' } })
}
