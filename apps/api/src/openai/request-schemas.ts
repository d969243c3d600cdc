import { z } from '@hono/zod-openapi'
import { messageNoOps, requestNoOps, withoutNoOps } from './without-no-ops.ts'

/** What OpenAI's clients send. A key that is not here is refused by name, unless its value changes nothing. */

const integer = z.number().int()
const noEffect = z.string().nullish().describe('Has no effect')
const stop = z.union([z.string().min(1), z.array(z.string().min(1)).max(4)])

const shared = {
  model: z.string().min(1).describe('Id of a checkpoint, or the name under which it was released or added'),
  stream: z.boolean().nullish(),
  stream_options: z.strictObject({ include_usage: z.boolean().nullish() }).nullish(),
  max_tokens: integer.min(1).max(32_768).nullish(),
  temperature: z.number().min(0).max(2).nullish().describe('1 unless set; 0 is greedy'),
  top_p: z.number().gt(0).max(1).nullish(),
  top_k: integer.min(-1).nullish().describe('0 and -1 keep all'),
  min_p: z.number().min(0).max(1).nullish(),
  repetition_penalty: z.number().positive().nullish(),
  frequency_penalty: z.number().min(-2).max(2).nullish(),
  n: integer.min(1).max(16).nullish(),
  seed: z
    .number()
    .refine(Number.isInteger, 'expected a whole number')
    .nullish()
    .describe('The same seed gives the same text; random unless set'),
  stop: stop.nullish(),
  use_beam_search: z
    .boolean()
    .nullish()
    .describe('Answers with the best completions by beam search instead of samples'),
  best_of: integer.min(1).max(16).nullish().describe('Beams of a beam search; n unless set'),
  length_penalty: z
    .number()
    .min(-10)
    .max(10)
    .nullish()
    .describe('A beam scores the sum of its log-probs over its length to this power; 1 unless set'),
  user: noEffect,
  safety_identifier: noEffect,
  prompt_cache_key: noEffect,
}

const text = z.union([
  z.string(),
  z.array(z.strictObject({ type: z.literal('text'), text: z.string() })).transform((parts) => joined(parts)),
])
const chatMessage = z.strictObject({
  role: z.enum(['system', 'developer', 'user', 'assistant']),
  content: text,
  name: noEffect,
})

const chatRequest = z.strictObject({
  ...shared,
  messages: z.array(z.preprocess(withoutNoOps(messageNoOps), chatMessage)).min(1),
  max_completion_tokens: shared.max_tokens,
  logprobs: z.boolean().nullish(),
  top_logprobs: integer.min(0).max(20).nullish(),
})
export const chatRequestSchema = z.preprocess(withoutNoOps(requestNoOps), chatRequest)
export type ChatRequest = z.infer<typeof chatRequestSchema>

const textRequest = z.strictObject({
  ...shared,
  prompt: z.string().min(1),
  logprobs: integer.min(0).max(20).nullish(),
})
export const textRequestSchema = z.preprocess(withoutNoOps(requestNoOps), textRequest)
export type TextRequest = z.infer<typeof textRequestSchema>

function joined(parts: { text: string }[]): string {
  return parts.map((part) => part.text).join('')
}
