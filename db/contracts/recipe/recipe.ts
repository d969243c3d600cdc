import { z } from 'zod'
import { dataSourceSchema } from './data.ts'
import { modelSchema } from './model.ts'
import { rewardStages } from './rewards.ts'
import { nameSchema } from './settings.ts'
import { type StageSpec, stageSchema } from './stages.ts'

/** A recipe: everything a run needs. Same recipe, data and seed give the same numbers. */
export const recipeSchema = z.strictObject({
  name: nameSchema.describe('Name of its runs'),
  description: z.string().max(2000).default('').describe('What it shows, for people'),
  seed: z
    .number()
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(42)
    .describe('Of every random choice'),
  model: modelSchema.describe('A new model, or `checkpoint` with the id or name of one that exists'),
  data: z.record(nameSchema, dataSourceSchema).describe('Data sources by name'),
  stages: z.record(nameSchema, stageSchema).describe('Stages by name'),
})
export type Recipe = z.infer<typeof recipeSchema>

/** Names of the stages whose results a stage needs, without repeats; `model` is not a stage. */
export function stageInputs(stage: StageSpec): string[] {
  const names = ((): (string | undefined)[] => {
    switch (stage.type) {
      case 'pretrain':
      case 'sft':
        return [stage.from]
      case 'preferences':
        return [stage.data === undefined ? stage.from : undefined]
      case 'reward':
      case 'dpo':
        return [stage.from, stage.preferences]
      case 'ppo':
      case 'grpo':
      case 'rloo':
        return [stage.from, ...rewardStages(stage.rewards)]
      case 'evaluate':
        return [
          ...stage.candidates,
          stage.baseline,
          'reward' in stage.judge ? stage.judge.reward : undefined,
          stage.reward,
        ]
      case 'release':
        return [stage.from, ...stage.after]
    }
  })()
  return [...new Set(names.filter((name): name is string => name !== undefined && name !== 'model'))]
}
