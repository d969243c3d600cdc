import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { type JobOf, preferenceRowSchema, TemperError } from '@temper/db/contracts'
import { readCheckpoint } from '../checkpoint/index.ts'
import { readRows } from '../data/index.ts'
import { scoreHeadTensors, withScoreHead } from '../models/index.ts'
import type { Tokenizer } from '../tokenizer/index.ts'
import { TracedProgram } from '../tracing/index.ts'
import { addTrainedRole } from './adapted-role.ts'
import { DpoTrainer } from './dpo.ts'
import { judgedAnswers } from './judged-answers.ts'
import type { PairData, PairPass } from './pair-source.ts'
import { countPairs, type Pair, pairsOf, withoutTies } from './pairs.ts'
import { fineTunes } from './preference-body.ts'
import { PromptSamples, promptsOf } from './prompt-samples.ts'
import type { ReferenceCache } from './reference-logps.ts'
import { RewardTrainer } from './reward.ts'
import { resumedWeights, type Start, startFromCheckpoint } from './start.ts'
import { type JobContext, stopped, type Trainer } from './trainer.ts'
import { checkpointParts } from './training-state.ts'

/** A reward stage from its job: the policy's body with a fresh score head. */
export async function createRewardTrainer(job: JobOf<'reward'>, context: JobContext): Promise<Trainer> {
  const { seed, settings } = job
  const start = await startFromCheckpoint(resumedWeights(job) ?? job.model)
  const model = withScoreHead(start.model)
  const data = await readPairData(job, start)
  const program = new TracedProgram()
  const tensors = scoreHeadTensors(start.model, start.tensors, { seed })
  const role = await addTrainedRole(program, 'reward', { model, tensors }, job)
  const checkpoint = checkpointParts(job, start)
  return new RewardTrainer({ ...data, program, model, role, settings, checkpoint, onPass: watch(context) })
}

/**
 * A dpo stage from its job. The reference is the policy that the stage started from; a resumed stage has its log-probs
 * in the checkpoint. Another stage's may be named by the job: they are taken where they are of the very same tokens.
 */
export async function createDpoTrainer(job: JobOf<'dpo'>, context: JobContext): Promise<Trainer> {
  const { settings } = job
  const start = await startFromCheckpoint(job.model)
  const { model, tokenizer } = start
  const resumed = resumedWeights(job)
  const { tensors } = resumed ? await readCheckpoint(resumed) : start
  const data = await readPairData(job, start)
  const program = new TracedProgram()
  const role = await addTrainedRole(program, 'policy', { model, tensors }, job)
  await mkdir(job.outDir, { recursive: true })
  const referenceCache: ReferenceCache = {
    known: job.referenceLogps,
    file: path.join(job.outDir, 'reference.safetensors'),
    report: (outcome) => context.emit({ type: 'reference', ...outcome }),
  }
  const choice = { heldOut: await promptsIn(job.heldOut, tokenizer), firstRows: await promptsIn(job.pairs, tokenizer) }
  const shown = { program, model, role, tokenizer }
  const isLookedAt = withoutTies(data.heldOut).length > 0
  const samples = new PromptSamples(shown, choice, settings, isLookedAt ? settings.evaluateEverySteps : undefined)
  const checkpoint = checkpointParts(job, start)
  const onPass = watch(context)
  return new DpoTrainer({ ...data, program, model, role, settings, checkpoint, referenceCache, samples, onPass })
}

/** Shows how far a pass over pairs is, and ends it where the job is asked to stop. */
function watch({ emit, stopRequested }: JobContext) {
  return ({ phase, done, pairs }: PairPass) => {
    if (stopRequested()) throw stopped()
    emit({ type: 'progress', step: done, totalSteps: pairs, phase })
  }
}

async function promptsIn(file: string, tokenizer: Tokenizer) {
  const rows = await readRows(file, preferenceRowSchema)
  return promptsOf(
    tokenizer,
    rows.map(({ prompt }) => prompt),
  )
}

async function readPairData(job: JobOf<'reward' | 'dpo'>, { tokenizer, model }: Start): Promise<PairData> {
  const { pairs: file, seed, settings } = job
  const maxLength = Math.min(settings.maxLength, model.contextLength)
  const rows = await readRows(file, preferenceRowSchema)
  const heldOut = pairsOf(await readRows(job.heldOut, preferenceRowSchema), tokenizer, maxLength)
  const single = job.type === 'dpo' && job.settings.loss === 'kto'
  const pairs = single
    ? judgedAnswers(rows, tokenizer, maxLength)
    : learntFrom(pairsOf(rows, tokenizer, maxLength), settings)
  if (pairs.length === 0) {
    throw new TemperError('invalid_dataset', `${file} has no pair that somebody decided`, { details: { file } })
  }
  const counts = { ...countPairs(rows), ...(single ? countAnswers(pairs) : { pairs_trained: pairs.length }) }
  return { pairs, heldOut, seed, counts }
}

/** Nothing is left out silently: these stand in the result of the stage. */
function countAnswers(answers: readonly Pair[]) {
  const desirable = answers.filter((answer) => answer.desirable).length
  return { answers_desirable: desirable, answers_undesirable: answers.length - desirable }
}

/** Rows keep the numbers they have in the file. An answer that people called bad is no target to be fine-tuned on. */
function learntFrom(pairs: Pair[], settings: JobOf<'reward' | 'dpo'>['settings']): Pair[] {
  if (settings.ties === 'drop') return withoutTies(pairs)
  return 'sftWeight' in settings && fineTunes(settings) ? pairs.filter(({ bothBad }) => !bothBad) : pairs
}
