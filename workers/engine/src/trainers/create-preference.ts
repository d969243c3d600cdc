import { type JobOf, TemperError } from '@temper/db/contracts'
import { readCheckpoint } from '../checkpoint/index.ts'
import { addRole, scoreHeadTensors, withScoreHead } from '../models/index.ts'
import type { Tokenizer } from '../tokenizer/index.ts'
import { TracedProgram } from '../tracing/index.ts'
import { DpoTrainer } from './dpo.ts'
import { type Pair, readPairs, withoutTies } from './pairs.ts'
import { RewardTrainer } from './reward.ts'
import { packedRowLength } from './row-length.ts'
import { startFromCheckpoint } from './start.ts'
import type { Trainer } from './trainer.ts'

/** A reward stage from its job: the policy's body with a fresh score head. */
export async function createRewardTrainer(job: JobOf<'reward'>): Promise<Trainer> {
  const { seed, settings } = job
  const start = await startFromCheckpoint(job.resumeFrom ?? job.model)
  const { tokenizer, tokenizerDir, generationConfig } = start
  const model = withScoreHead(start.model)
  const data = await readAllPairs(job, tokenizer, model.contextLength)
  const program = new TracedProgram()
  await addRole(program, 'reward', model, scoreHeadTensors(start.model, start.tensors, { seed }))
  const checkpoint = {
    kind: 'reward' as const,
    stageType: job.type,
    origin: job.origin,
    tokenizerDir,
    generationConfig,
  }
  return new RewardTrainer({ ...data, program, model, settings, seed, checkpoint })
}

/**
 * A dpo stage from its job. The reference is the policy that the stage started from; a resumed stage has its log-probs
 * in the checkpoint.
 */
export async function createDpoTrainer(job: JobOf<'dpo'>): Promise<Trainer> {
  const { seed, settings } = job
  const { model, tokenizer, tokenizerDir, generationConfig } = await startFromCheckpoint(job.model)
  const { tensors } = await readCheckpoint(job.resumeFrom ?? job.model)
  const data = await readAllPairs(job, tokenizer, model.contextLength)
  const program = new TracedProgram()
  await addRole(program, 'policy', model, tensors)
  const checkpoint = {
    kind: 'policy' as const,
    stageType: job.type,
    origin: job.origin,
    tokenizerDir,
    generationConfig,
  }
  return new DpoTrainer({ ...data, program, model, settings, seed, checkpoint })
}

type PairJob = JobOf<'reward' | 'dpo'>

async function readAllPairs(
  { pairs: file, heldOut: heldOutFile, settings }: PairJob,
  tokenizer: Tokenizer,
  contextLength: number,
) {
  const maxLength = Math.min(settings.maxLength, contextLength)
  const pairs = withoutTies(await readPairs(file, tokenizer, maxLength), settings.ties)
  const heldOut = await readPairs(heldOutFile, tokenizer, maxLength)
  if (pairs.length === 0) {
    throw new TemperError('invalid_dataset', `${file} has no pair that somebody decided`, { details: { file } })
  }
  return { pairs, heldOut, rowLength: packedRowLength([...pairs, ...heldOut].flatMap(sides), maxLength) }
}

function sides({ chosen, rejected }: Pair) {
  return [chosen, rejected]
}
