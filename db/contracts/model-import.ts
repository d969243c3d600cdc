import { z } from 'zod'
import { checkpointFileSchema } from './checkpoint.ts'
import { idSchema } from './ids.ts'
import { modelFileName } from './model-files.ts'
import { nameSchema } from './recipe/settings.ts'
import { failureSchema } from './run.ts'

/** Models that are fetched by a short name. */
export const builtinModels = ['smollm2-135m-instruct'] as const
export type BuiltinModel = (typeof builtinModels)[number]

/** A file that is going to be sent. */
const announcedFileSchema = z.strictObject({ path: modelFileName, sizeBytes: z.number().int().min(0) })

/** Where a model is brought from: files that are sent, a repository of a Hugging Face Hub, or a short name. */
export const modelSourceSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('files'),
    files: z
      .array(announcedFileSchema)
      .min(1)
      .max(1000)
      .refine((files) => new Set(files.map(({ path }) => path)).size === files.length, 'two files have one name'),
  }),
  z.strictObject({
    type: z.literal('hub'),
    repository: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*\/[A-Za-z0-9][A-Za-z0-9._-]*$/, 'expected owner/name'),
    /** Branch, tag or commit; `main` unless set. */
    revision: z
      .string()
      .max(200)
      .regex(/^(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._/-]*$/, 'expected a branch, tag or commit')
      .optional(),
    /** Of a repository with several GGUF files. */
    file: z
      .string()
      .max(200)
      .regex(/^([A-Za-z0-9_][A-Za-z0-9._-]*\/)*[A-Za-z0-9_][A-Za-z0-9._-]*\.gguf$/, 'expected the path of a .gguf file')
      .optional(),
  }),
  z.strictObject({ type: z.literal('builtin'), name: z.enum(builtinModels) }),
])
export type ModelSource = z.infer<typeof modelSourceSchema>

export const createImportSchema = z.strictObject({
  /** By which people find the checkpoint, as a release's. */
  name: nameSchema,
  source: modelSourceSchema,
})

export const importStates = ['uploading', 'queued', 'running', 'done', 'failed', 'cancelled'] as const
export type ImportState = (typeof importStates)[number]
export const endedImportStates: readonly ImportState[] = ['done', 'failed', 'cancelled']

/** How far: bytes, but tensors while `reading`. The total is null where nobody knows it. */
export const importProgressSchema = z.strictObject({
  phase: z.enum(['fetching', 'reading', 'storing']),
  done: z.number().int().min(0),
  total: z.number().int().min(0).nullable(),
})
export type ImportProgress = z.infer<typeof importProgressSchema>

/** A model on its way into the installation; its events are this document, each time it changes. */
export const modelImportSchema = z.strictObject({
  id: idSchema('import'),
  name: nameSchema,
  source: modelSourceSchema,
  state: z.enum(importStates),
  progress: importProgressSchema.nullable(),
  /** Of the files that are sent, those that have arrived. */
  uploaded: z.array(checkpointFileSchema),
  failure: failureSchema.nullable(),
  /** What became of it. */
  checkpointId: idSchema('checkpoint').nullable(),
  createdBy: idSchema('member'),
  createdAt: z.iso.datetime(),
  finishedAt: z.iso.datetime().nullable(),
})
export type ModelImport = z.infer<typeof modelImportSchema>

/** `owner/name`, `owner/name/file.gguf` or a short name as a source; undefined for anything else. */
export function parseModelSource(text: string, revision?: string): ModelSource | undefined {
  const builtin = builtinModels.find((name) => name === text)
  if (builtin !== undefined) return { type: 'builtin', name: builtin }
  const parts = text.split('/')
  const repository = parts.slice(0, 2).join('/')
  const file = parts.length > 2 ? parts.slice(2).join('/') : undefined
  return modelSourceSchema.safeParse({ type: 'hub', repository, revision, file }).data
}

/** A source in a few words. */
export function describeSource(source: ModelSource): string {
  switch (source.type) {
    case 'files':
      return source.files.length === 1 ? (source.files[0]?.path ?? '') : `${source.files.length} files`
    case 'hub':
      return `${[source.repository, source.file].filter(Boolean).join('/')}${source.revision ? ` at ${source.revision}` : ''}`
    case 'builtin':
      return source.name
  }
}
