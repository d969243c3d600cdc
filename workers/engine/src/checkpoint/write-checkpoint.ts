import { copyFile, mkdir, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Lineage, lineageSchema, TemperError } from '@temper/db/contracts'
import { type Model, storedTensors } from '../models/index.ts'
import { type AdapterFiles, writeAdapter } from './adapter-files.ts'
import { exists } from './folder-files.ts'
import { writeManifest } from './manifest.ts'
import { type ResumeState, writeResumeState } from './resume-state.ts'
import { storedParts } from './stored-parts.ts'
import { syncFolder, writeDurably } from './write-durably.ts'
import { writeSafetensors } from './write-safetensors.ts'

/** Everything of a tokenizer that the Hugging Face layout knows. */
const tokenizerFiles = [
  'tokenizer.json',
  'tokenizer_config.json',
  'chat_template.jinja',
  'special_tokens_map.json',
  'added_tokens.json',
  'vocab.json',
  'merges.txt',
]

/** Part of a checkpoint's folder that holds adapters as PEFT does. */
export const adapterFolder = 'adapter'

export interface CheckpointToWrite {
  model: Model
  /** Values by name, or functions that read them one by one. */
  tensors: Record<string, Float32Array | (() => Promise<Float32Array>)>
  lineage: Lineage
  generationConfig: Record<string, unknown>
  /** Folder whose tokenizer files are copied. */
  tokenizerDir?: string
  /** Written beside them; for a tokenizer that brings none. */
  chatTemplate?: string
  resume?: ResumeState
  /** Adapters whose sum with their base `tensors` are; also kept apart, in the folder `adapter`. */
  adapter?: AdapterFiles & { dropout: number }
  /** How weights are stored. */
  dtype?: 'float32' | 'bfloat16'
}

/**
 * Writes a checkpoint folder that transformers reads. All files go to a temporary folder beside it, the manifest last,
 * and one rename makes it exist: a half-written checkpoint never does. A checkpoint that is there is replaced.
 * @throws TemperError internal when tensors and model do not fit
 */
export async function writeCheckpoint(dir: string, checkpoint: CheckpointToWrite): Promise<void> {
  const temporary = `${dir}.${process.pid}${unfinished}`
  await rm(temporary, { recursive: true, force: true })
  await mkdir(temporary, { recursive: true })
  try {
    await writeFiles(temporary, checkpoint)
    await writeManifest(temporary)
    await syncFolder(temporary)
    await replace(temporary, dir)
  } catch (error) {
    await rm(temporary, { recursive: true, force: true })
    throw error
  }
}

/** Ends the names of folders that are being written, and of those that are being replaced with `.old` behind it. */
const unfinished = '.tmp'

/** Removes checkpoints below `dir` that processes were writing when they were killed: for its one writer of now. */
export async function removeUnfinished(dir: string): Promise<void> {
  if (!(await exists(dir))) return
  const names = (await readdir(dir)).filter((name) =>
    [unfinished, `${unfinished}.old`].some((end) => name.endsWith(end)),
  )
  for (const name of names) await rm(join(dir, name), { recursive: true, force: true })
}

async function writeFiles(dir: string, checkpoint: CheckpointToWrite): Promise<void> {
  const {
    model,
    lineage,
    generationConfig,
    tokenizerDir,
    chatTemplate,
    resume,
    adapter,
    dtype = 'float32',
  } = checkpoint
  const { torch_dtype: _, ...config } = model.configJson // the older name of dtype
  await writeJson(join(dir, 'config.json'), { ...config, dtype })
  await writeJson(join(dir, 'generation_config.json'), generationConfig)
  await writeJson(join(dir, 'temper.json'), lineageSchema.parse(lineage))
  const stored = dtype === 'bfloat16' ? 'BF16' : 'F32'
  await writeSafetensors(join(dir, 'model.safetensors'), shapedTensors(checkpoint), { dtype: stored })
  if (tokenizerDir !== undefined) await copyTokenizer(tokenizerDir, dir)
  if (chatTemplate !== undefined) await writeDurably(join(dir, 'chat_template.jinja'), chatTemplate)
  if (resume) await writeResumeState(dir, resume)
  if (!adapter) return
  const base = lineage.adapter?.base.checkpoint ?? null
  await writeAdapter(join(dir, adapterFolder), model, adapter, { dropout: adapter.dropout, base })
}

function shapedTensors({ model, tensors }: CheckpointToWrite) {
  const extra = Object.keys(tensors).filter((name) => !Object.hasOwn(model.parameterShapes, name))
  if (extra.length > 0) throw new TemperError('internal', `the model has no parameter ${extra.join(', ')}`)
  const shaped = Object.keys(model.parameterShapes).flatMap((name) => {
    const values = tensors[name]
    if (!values) throw new TemperError('internal', `there are no values of parameter ${name}`)
    return storedParts(storedTensors(model, name), values)
  })
  return Object.fromEntries(shaped)
}

async function copyTokenizer(from: string, to: string): Promise<void> {
  const present = new Set(await readdir(from))
  for (const name of tokenizerFiles) if (present.has(name)) await copyFile(join(from, name), join(to, name))
}

function writeJson(path: string, value: Record<string, unknown>): Promise<void> {
  return writeDurably(path, `${JSON.stringify(value, null, 2)}\n`)
}

/** A folder cannot be renamed onto a full one: the old one steps aside first. */
async function replace(temporary: string, dir: string): Promise<void> {
  const old = `${temporary}.old`
  if (await exists(dir)) await rename(dir, old)
  await rename(temporary, dir)
  await syncFolder(dirname(dir))
  await rm(old, { recursive: true, force: true })
}
