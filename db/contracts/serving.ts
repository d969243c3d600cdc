import { z } from 'zod'
import { idSchema } from './ids.ts'
import { samplingSchema } from './recipe/settings.ts'
import { messageSchema } from './rows.ts'
import { errorCodes, TemperError } from './temper-error.ts'

/**
 * What a server of checkpoints is asked and what it answers: the same documents between the API and a worker (a line
 * of JSON each) and between a worker and its engine process.
 */

/** Of the weights, the matrix products and the cache of a served model; int8 of its weights alone, the rest is fp32. */
export const servingPrecisionSchema = z.enum(['fp32', 'bf16', 'int8'])
export type ServingPrecision = z.infer<typeof servingPrecisionSchema>

export const completionRequestSchema = z.strictObject({
  /** Chosen by whoever asks; its events carry it. */
  id: z.string().min(1).max(100),
  /** Messages go through the chat template; text is continued as it stands. */
  prompt: z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('messages'), messages: z.array(messageSchema).min(1) }),
    z.strictObject({ type: z.literal('text'), text: z.string().min(1) }),
  ]),
  /** `maxTokens` is cut to what the context leaves. */
  sampling: samplingSchema,
  /** Texts that end a completion and are left out of it, wherever they lie between tokens. */
  stop: z.array(z.string().min(1)).max(4).default([]),
  /** Completions of the prompt. */
  n: z.number().int().min(1).max(16).default(1),
  seed: z.number().int().min(0),
  /** How many of the most likely tokens are reported beside the chosen one; log-probs are reported where it is set. */
  topLogprobs: z.number().int().min(0).max(20).optional(),
  /**
   * Completions are the best `n` of a beam search instead of samples. Of `sampling` only `maxTokens` counts then; there
   * are no stop texts and no log-probs.
   */
  beams: z
    .strictObject({ numBeams: z.number().int().min(1).max(16), lengthPenalty: z.number().min(-10).max(10) })
    .optional(),
})
export type CompletionRequest = z.infer<typeof completionRequestSchema>

/** What the API sends to a server: which checkpoint shall answer. */
export const completionOrderSchema = z.strictObject({
  checkpoint: idSchema('checkpoint'),
  request: completionRequestSchema,
})
export type CompletionOrder = z.infer<typeof completionOrderSchema>

const tokenLogprobSchema = z.strictObject({ token: z.string(), bytes: z.array(z.number().int()), logprob: z.number() })

export const completionEventSchema = z.discriminatedUnion('type', [
  /** The request has a slot. */
  z.strictObject({
    type: z.literal('started'),
    id: z.string(),
    promptTokens: z.number().int(),
    precision: servingPrecisionSchema,
  }),
  /**
   * More text of completion `index`, whole characters only, with the log-probs of the tokens that begin in it. `tokens`
   * counts all of the completion so far: the stop token too, and those of a stop text, which have no log-probs.
   */
  z.strictObject({
    type: z.literal('delta'),
    id: z.string(),
    index: z.number().int(),
    text: z.string(),
    tokens: z.number().int(),
    logprobs: z.array(tokenLogprobSchema.extend({ top: z.array(tokenLogprobSchema) })).optional(),
  }),
  /** `stop`: a stop token or a stop text; `length`: the limit on tokens. */
  z.strictObject({
    type: z.literal('finished'),
    id: z.string(),
    index: z.number().int(),
    reason: z.enum(['stop', 'length']),
    tokens: z.number().int(),
  }),
  /** All completions of the request have finished. */
  z.strictObject({ type: z.literal('completed'), id: z.string() }),
  z.strictObject({
    type: z.literal('refused'),
    id: z.string(),
    code: z.enum(errorCodes),
    message: z.string(),
    details: z.record(z.string(), z.unknown()),
  }),
])
export type CompletionEvent = z.infer<typeof completionEventSchema>

/** What a reader needs of a piece of a streamed chat completion; the last one has the usage where it is asked for. */
export const chatPieceSchema = z.looseObject({
  choices: z.array(
    z.looseObject({ delta: z.looseObject({ content: z.string().nullish() }), finish_reason: z.string().nullable() }),
  ),
  usage: z.looseObject({ completion_tokens: z.number().int() }).nullish(),
})
export type ChatPiece = z.infer<typeof chatPieceSchema>

/** What a reader needs of a whole chat completion. */
export const chatAnswerSchema = z.looseObject({
  choices: z.array(z.looseObject({ message: z.looseObject({ content: z.string() }) })),
  usage: z.looseObject({ completion_tokens: z.number().int() }),
})

export type ChatAnswer = z.infer<typeof chatAnswerSchema>

const openaiErrorSchema = z.looseObject({ error: z.looseObject({ message: z.string(), code: z.string() }) })

/** The refusal that a document in the shape of OpenAI's API holds; undefined for any other document. */
export function openaiRefusal(document: unknown): TemperError | undefined {
  const parsed = openaiErrorSchema.safeParse(document)
  if (!parsed.success) return undefined
  const { message, code } = parsed.data.error
  return new TemperError(errorCodes.find((known) => known === code) ?? 'invalid_input', message, { details: { code } })
}
