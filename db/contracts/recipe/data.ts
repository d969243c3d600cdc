import { z } from 'zod'
import { idSchema } from '../ids.ts'

export const datasetKinds = ['text', 'conversations', 'prompts', 'preferences'] as const
export type DatasetKind = (typeof datasetKinds)[number]

/** A registered dataset, or text that the project's own seeded generator writes. */
export const dataSourceSchema = z.union([
  z.strictObject({
    dataset: idSchema('dataset').or(z.string().min(1).max(80)).describe('Id or name of a registered dataset'),
  }),
  z.strictObject({
    generator: z.literal('stories').describe('Short stories in simple English'),
    kind: z.enum(['text', 'conversations', 'prompts']),
    count: z.number().int().positive().max(1_000_000),
    seed: z.number().int().min(0).default(1),
    split: z.enum(['train', 'held-out']).default('train').describe('The two splits share no request'),
  }),
])
export type DataSource = z.infer<typeof dataSourceSchema>
