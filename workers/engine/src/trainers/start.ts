import path from 'node:path'
import { type JobOf, type ModelSpec, type TrainingJob, textRowSchema } from '@temper/db/contracts'
import { readCheckpoint } from '../checkpoint/index.ts'
import { readRows } from '../data/index.ts'
import { type Model, modelFromSpec } from '../models/index.ts'
import { createTokenizer, loadTokenizer, type Tokenizer, trainBpe, writeTokenizerFiles } from '../tokenizer/index.ts'
import { loraOf } from './adapted-role.ts'

/** What a stage starts from: a model, its weights, its tokenizer and the folder that holds the tokenizer's files. */
export interface Start {
  model: Model
  tensors: Record<string, Float32Array>
  tokenizer: Tokenizer
  tokenizerDir: string
  generationConfig: Record<string, unknown>
}

/** The checkpoint in `dir`. */
export async function startFromCheckpoint(dir: string): Promise<Start> {
  const { model, tensors, generationConfig } = await readCheckpoint(dir)
  return { model, tensors, generationConfig, tokenizer: await loadTokenizer(dir), tokenizerDir: dir }
}

/**
 * Folder of the weights that a resumed stage goes on with. Undefined for one with adapters: it goes on over the weights
 * that it began with, and its adapters are in the checkpoint's `resume/` part.
 */
export function resumedWeights(job: TrainingJob): string | undefined {
  return loraOf(job) ? undefined : job.resumeFrom
}

/** The checkpoint a job resumes from, else the one it starts from, else a new model with a tokenizer trained for it. */
export async function startOf(job: JobOf<'pretrain' | 'sft'>): Promise<Start> {
  const resumed = resumedWeights(job)
  if (resumed) return startFromCheckpoint(resumed)
  if (job.type === 'sft') return startFromCheckpoint(job.model)
  return 'dir' in job.model ? startFromCheckpoint(job.model.dir) : startFromSpec(job.model, job)
}

type NewModel = { spec: ModelSpec; tokenizerData: string }

async function startFromSpec({ spec, tokenizerData }: NewModel, job: TrainingJob): Promise<Start> {
  if ('checkpoint' in spec) throw new Error('a recipe model that is a checkpoint is given to the engine as a folder')
  const texts = (await readRows(tokenizerData, textRowSchema)).map(({ text }) => text)
  const files = trainBpe(texts, { vocabSize: spec.tokenizer.vocabSize })
  const tokenizerDir = path.join(job.outDir, 'tokenizer')
  await writeTokenizerFiles(files, tokenizerDir)
  const tokenizer = createTokenizer(files)
  const ids = { bosId: tokenizer.bosId, eosId: tokenizer.endOfTurnId, padId: tokenizer.padId }
  const model = modelFromSpec(spec, tokenizer.vocabSize, ids)
  const generationConfig = {
    bos_token_id: ids.bosId ?? null,
    eos_token_id: [...tokenizer.stopIds],
    pad_token_id: ids.padId,
  }
  return { model, tensors: model.initialize(job.seed), tokenizer, tokenizerDir, generationConfig }
}
