import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type ImportedFrom, isPickle, type Lineage, refusePickle, TemperError } from '@temper/db/contracts'
import {
  exists,
  modelFromConfig,
  modelWeights,
  type ReadWeight,
  readJson,
  readLineage,
  readModel,
  withWeights,
  writeCheckpoint,
} from '../checkpoint/index.ts'
import type { Model } from '../models/index.ts'
import { loadTokenizer, plainTemplate, type Tokenizer, writeTokenizerFiles } from '../tokenizer/index.ts'
import { ggufConfig } from './gguf/gguf-config.ts'
import { ggufWeights } from './gguf/gguf-weights.ts'
import { openGguf } from './gguf/open-gguf.ts'
import { ggufTokenizer } from './gguf/tokenizer/gguf-tokenizer.ts'

export interface ImportOptions {
  /** For the checkpoint's `temper.json`. */
  importedFrom?: ImportedFrom
  /** Called after each parameter with how many are read, and how many there are. */
  onProgress?: (done: number, total: number) => void
  /** Ends the import before the next parameter is read. */
  signal?: AbortSignal
}

/**
 * Writes the model of a Hugging Face folder or a GGUF file as a checkpoint folder of ours, in float32 and with its
 * tokenizer. Weights pass through one by one, so that memory holds two tensors at most; `dir` exists only when all of
 * it was checked and written.
 * @throws TemperError with file, tensor and rule: not_found, unsupported, invalid_checkpoint; cancelled by the signal
 */
export async function importCheckpoint(source: string, dir: string, options: ImportOptions = {}): Promise<Model> {
  const found = await stat(source).catch(() => undefined)
  if (!found) throw new TemperError('not_found', `there is nothing at ${source}`, { details: { source } })
  if (found.isDirectory()) return importFolder(source, dir, options)
  if (/\.gguf$/i.test(source)) return importGguf(source, dir, options)
  if (isPickle(source)) refusePickle(source, dirname(source))
  const rule = 'a model is a Hugging Face folder (config.json, safetensors, tokenizer.json) or a .gguf file'
  throw new TemperError('unsupported', `${source}: ${rule}`, { details: { file: source, rule } })
}

async function importFolder(source: string, dir: string, options: ImportOptions): Promise<Model> {
  const model = await readModel(source)
  const rewardNormalization = (await readLineage(source))?.rewardNormalization
  const generationConfig = (await exists(join(source, 'generation_config.json')))
    ? await readJson(source, 'generation_config.json')
    : {}
  await withWeights(source, model, (read) =>
    write(dir, { model, read, generationConfig, tokenizerDir: source, rewardNormalization }, options),
  )
  return model
}

async function importGguf(source: string, dir: string, options: ImportOptions): Promise<Model> {
  const file = await openGguf(source)
  const tokenizerDir = await mkdtemp(join(tmpdir(), 'gguf-tokenizer-'))
  try {
    const { configJson, headDim, interleaved } = await ggufConfig(file)
    const { files, generationConfig } = ggufTokenizer(file)
    const model = modelFromConfig(source, { ...generationConfig, ...configJson })
    await writeTokenizerFiles(files, tokenizerDir)
    const read = await modelWeights(source, [ggufWeights(file, interleaved ? headDim : undefined)], model)
    await write(dir, { model, read, generationConfig, tokenizerDir }, options)
    return model
  } finally {
    await file.close()
    await rm(tokenizerDir, { recursive: true })
  }
}

interface ToWrite {
  model: Model
  read: ReadWeight
  generationConfig: Record<string, unknown>
  tokenizerDir: string
  rewardNormalization?: Lineage['rewardNormalization']
}

async function write(dir: string, toWrite: ToWrite, options: ImportOptions): Promise<void> {
  const { model, read, rewardNormalization, ...files } = toWrite
  const tokenizer = await readTokenizer(files.tokenizerDir, model)
  const hasTemplate = tokenizer.files.config.chat_template != null
  const kind = model.head === 'score' ? 'reward' : 'policy'
  const { importedFrom } = options
  await writeCheckpoint(dir, {
    ...files,
    ...(!hasTemplate && { chatTemplate: plainTemplate(tokenizer) }),
    model,
    tensors: watchedReads(Object.keys(model.parameterShapes), read, options),
    lineage: { format: 1, kind, stageType: 'import', step: 0, metrics: {}, importedFrom, rewardNormalization },
  })
}

/** How each parameter is read, so that every read is reported and none begins after the signal. */
function watchedReads(names: string[], read: ReadWeight, { onProgress, signal }: ImportOptions) {
  let done = 0
  const watched = async (name: string) => {
    if (signal?.aborted) throw new TemperError('cancelled', 'the import was stopped')
    const values = await read(name)
    onProgress?.(++done, names.length)
    return values
  }
  return Object.fromEntries(names.map((name) => [name, () => watched(name)]))
}

/** A tokenizer may have fewer ids than the model has rows, never more. */
async function readTokenizer(dir: string, { vocabSize }: Model): Promise<Tokenizer> {
  const tokenizer = await loadTokenizer(dir)
  if (tokenizer.vocabSize <= vocabSize) return tokenizer
  const rule = `the tokenizer has ${tokenizer.vocabSize} ids, the model only ${vocabSize}`
  throw new TemperError('invalid_checkpoint', `${dir}: ${rule}`, { details: { dir, rule } })
}
