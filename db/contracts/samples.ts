import { z } from 'zod'

/**
 * Whose completions they are. `held-out` and `first-rows`: answers to the same few prompts on the way, of the part of the
 * stage's data that it does not train on, or of its first rows where nothing is held out. `rollout`: what the step itself
 * sampled to learn from.
 */
export const sampleSourceSchema = z.enum(['held-out', 'first-rows', 'rollout'])
export type SampleSource = z.infer<typeof sampleSourceSchema>

/** Completions at one step of a stage, in the order of its prompts; step 0 is before the first. */
export const stageSamplesSchema = z.strictObject({
  stage: z.string(),
  step: z.number().int(),
  source: sampleSourceSchema.default('rollout').describe('Events of before there were others say nothing'),
  samples: z.array(z.strictObject({ prompt: z.string(), completion: z.string() })),
})
export type StageSamples = z.infer<typeof stageSamplesSchema>
