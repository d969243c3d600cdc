import { z } from 'zod'
import { idSchema } from './ids.ts'
import { samplingSchema } from './recipe/settings.ts'
import { messageSchema } from './rows.ts'

/** A playground request: one prompt, one checkpoint. */
export const createGenerationSchema = z.strictObject({
  checkpoint: idSchema('checkpoint'),
  messages: z.array(messageSchema).min(1).max(100),
  sampling: samplingSchema.default(samplingSchema.parse({})),
  seed: z.number().int().min(0).default(0),
})

export type CreateGeneration = z.input<typeof createGenerationSchema>

/** Server-sent events of a generation, in this order: queued, token…, done | failed. */
export const generationEventSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('queued'), message: z.string() }),
  z.strictObject({ type: z.literal('token'), text: z.string(), tokens: z.number().int() }),
  z.strictObject({
    type: z.literal('done'),
    tokens: z.number().int(),
    tokensPerSecond: z.number(),
    endedProperly: z.boolean(),
  }),
  z.strictObject({ type: z.literal('failed'), code: z.string(), message: z.string() }),
])
export type GenerationEvent = z.infer<typeof generationEventSchema>
export const generationIdSchema = idSchema('generation')

export const generationStates = ['queued', 'running', 'done', 'failed', 'cancelled'] as const
export type GenerationState = (typeof generationStates)[number]
