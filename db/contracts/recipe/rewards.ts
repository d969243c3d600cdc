import { z } from 'zod'
import { nameSchema } from './settings.ts'

const weight = z.number().default(1).describe('What its score is multiplied by; below 0 it is a penalty')

/** A reward model of the run. Its score counts in deviations from the mean it has on the answers it was trained on. */
export const rewardModelSourceSchema = z.strictObject({
  reward: nameSchema.describe('Stage that trained the reward model'),
  weight,
})

/** A function that the recipe carries. */
export const rewardFunctionSourceSchema = z.strictObject({
  function: nameSchema.describe('What it is called in metrics and messages'),
  code: z
    .string()
    .min(1)
    .max(50_000)
    .describe(
      'TypeScript: `export default function (samples: { prompt: string; completion: string; endedProperly: boolean }[]): number[]`',
    ),
  weight,
  timeoutSeconds: z.number().positive().max(300).default(10).describe('For the completions of one round'),
  memoryMb: z.number().int().min(16).max(4096).default(128).describe('Of the function’s own heap, megabytes'),
})

export const rewardSourcesSchema = z
  .array(z.union([rewardModelSourceSchema, rewardFunctionSourceSchema]))
  .min(1)
  .max(16)
export type RecipeRewardSource = z.infer<typeof rewardSourcesSchema>[number]

/** Stages whose reward models a list names. */
export function rewardStages(rewards: readonly RecipeRewardSource[]): string[] {
  return rewards.flatMap((source) => ('reward' in source ? [source.reward] : []))
}

/** Under which its metrics are logged. */
export function rewardSourceName(source: RecipeRewardSource): string {
  return 'reward' in source ? source.reward : source.function
}

/** Ziegler et al., 2019. */
export const adaptiveKlSchema = z.strictObject({
  target: z.number().positive().default(6).describe('KL to the reference that a completion should have, nats'),
  horizon: z.number().positive().default(10_000).describe('Completions over which klCoef follows; larger is slower'),
})
