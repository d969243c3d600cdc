import { z } from 'zod'

const logSchema = z.object({ step: z.number(), num_tokens: z.number() }).catchall(z.number())

const settingsSchema = z.looseObject({
  per_device_train_batch_size: z.number().int(),
  gradient_accumulation_steps: z.number().int().default(1),
  max_steps: z.number().int(),
  learning_rate: z.number(),
  lr_scheduler_type: z.string().default('linear'),
  warmup_steps: z.number().default(0),
  weight_decay: z.number().default(0),
  max_grad_norm: z.number(),
  start: z.string().default('policy'),
  loss_type: z.unknown().optional(),
  label_smoothing: z.number().default(0),
  beta: z.number().default(0.1),
  center_rewards_coefficient: z.number().default(0),
})

export const trlSchema = z.object({
  settings: z.looseObject({}),
  runs: z.record(
    z.string(),
    z.object({
      settings: z.looseObject({}),
      first_batch: z.looseObject({
        input_ids: z.array(z.array(z.number())),
        attention_mask: z.array(z.array(z.number())),
      }),
      log: z.array(logSchema),
    }),
  ),
})

export const pairsSchema = z.array(z.object({ prompt: z.string(), chosen: z.string(), rejected: z.string() }))
export type TextPair = z.infer<typeof pairsSchema>[number]

/** One run with its own settings over those of all. */
export interface TrlRun {
  name: string
  settings: z.infer<typeof settingsSchema>
  /** Ids of the first batch, padding taken off. */
  firstBatch: number[][]
  log: z.infer<typeof logSchema>[]
}

export function runsOf({ settings, runs }: z.infer<typeof trlSchema>): TrlRun[] {
  return Object.entries(runs).map(([name, run]) => ({
    name,
    settings: settingsSchema.parse({ ...settings, ...run.settings }),
    firstBatch: run.first_batch.input_ids.map((ids, row) =>
      ids.filter((_, t) => run.first_batch.attention_mask[row]?.[t] === 1),
    ),
    log: run.log,
  }))
}
