import { z } from 'zod'
import { idSchema } from './ids.ts'
import { datasetKinds } from './recipe/data.ts'
import { nameSchema } from './recipe/settings.ts'

/** A registered dataset: immutable rows, named by their content; adding the same rows again gives the same dataset. */
export const datasetSchema = z.strictObject({
  id: idSchema('dataset'),
  name: nameSchema,
  version: z.number().int().positive(),
  kind: z.enum(datasetKinds),
  rows: z.number().int(),
  sizeBytes: z.number().int(),
  sha256: z.string(),
  /** `upload`, or the generator that wrote it. */
  source: z.string(),
  createdAt: z.iso.datetime(),
})
export type Dataset = z.infer<typeof datasetSchema>
