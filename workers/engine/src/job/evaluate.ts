import { type EvaluationRow, type JobOf, promptSourceRowSchema, TemperError } from '@temper/db/contracts'
import { addStoredRole, readLineage, readModel } from '../checkpoint/index.ts'
import { readRows, writeRows } from '../data/index.ts'
import {
  completionLogps,
  type Episode,
  type EpisodeInputs,
  type EpisodeShape,
  episodeFeeds,
  ForwardFunction,
  normalizedScore,
  type Scorer,
  scoresAt,
} from '../forward/index.ts'
import { type Model, paramsOf } from '../models/index.ts'
import { tf } from '../runtime/tf.ts'
import { type Program, TracedProgram } from '../tracing/index.ts'
import { type JobContext, scorerOf } from '../trainers/index.ts'
import { completePrompts, type PromptCompletion, toRow } from './complete-prompts.ts'
import { type OpenPolicy, openPolicy } from './open-policy.ts'

/** Rows measured in one call. */
const chunkRows = 16

/**
 * Completions of every policy for the same held-out prompts, each with the learned reward (if a reward model is given)
 * and the summed log-ratio of its policy to the baseline (k1).
 */
export async function evaluatePolicies(job: JobOf<'evaluate'>, context: JobContext): Promise<void> {
  const all = await readRows(job.prompts, promptSourceRowSchema)
  const prompts = all.slice(0, job.limit ?? all.length)
  const baselineDir = job.policies[job.baseline]
  if (baselineDir === undefined)
    throw new TemperError('invalid_input', `there is no policy ${job.baseline} to compare with`)
  const baseline = await openPolicy(baselineDir)
  const reward = job.reward === undefined ? undefined : await openReward(job.reward, baseline)
  const rows = prompts.map(({ messages }): EvaluationRow => ({ prompt: messages, completions: {} }))

  for (const [name, dir] of Object.entries(job.policies)) {
    const policy = await openPolicy(dir)
    const program = new TracedProgram()
    try {
      const judges = { policy, ref: baseline, ...(reward && { reward }) }
      for (const [role, judge] of Object.entries(judges)) await addStoredRole(program, role, judge.dir, judge.model)
      const options = { sampling: job.sampling, seed: job.seed, phase: name }
      const completions = await completePrompts({ ...policy, program, role: 'policy' }, prompts, options, context)
      const measured = await measureCompletions({ program, policy, baseline, reward }, completions, job)
      for (const [index, row] of rows.entries()) {
        const completion = completions[index]
        const { score = null, kl = null } = measured[index] ?? {}
        if (completion) row.completions[name] = { ...toRow(completion), score, kl }
      }
    } finally {
      program.close()
    }
  }
  await writeRows(job.output, rows)
  const step = prompts.length
  context.emit({ type: 'done', outcome: 'finished', step, totalSteps: step, result: { prompts: step } })
}

async function openReward(dir: string, policy: OpenPolicy): Promise<Scorer & { dir: string }> {
  return { dir, ...scorerOf(dir, await readModel(dir), await readLineage(dir), policy) }
}

interface Judges {
  program: Program
  policy: OpenPolicy
  baseline: OpenPolicy
  reward: Scorer | undefined
}

async function measureCompletions(
  { program, policy, baseline, reward }: Judges,
  completions: readonly PromptCompletion[],
  { sampling }: JobOf<'evaluate'>,
): Promise<({ score: number | null; kl: number } | undefined)[]> {
  const episodes = completions.map(
    ({ promptIds, ids, stopped }): Episode => ({ prompt: promptIds, completion: ids, stopped }),
  )
  const measure = new ForwardFunction(program, 'measure', 'fp32', (variables, inputs) => {
    const x = inputs as EpisodeInputs
    const logps = (role: string, model: Model) =>
      completionLogps(model, paramsOf(variables, role), x, sampling.temperature)
    const ratio = tf.reshape(tf.sub(logps('policy', policy.model), logps('ref', baseline.model)), x.mask.shape)
    const score = reward
      ? scoresAt(reward.model, paramsOf(variables, 'reward'), x, x.lastPositions)
      : tf.zeros([x.mask.shape[0] ?? 0])
    return { kl: tf.sum(tf.mul(ratio, x.mask), 1), score }
  })
  const measured = new Map<Episode, { score: number | null; kl: number }>()
  // Of about one length in a chunk: the longest prompt would pad all of them.
  const byLength = episodes.toSorted((a, b) => lengthOf(a) - lengthOf(b))
  for (let first = 0; first < byLength.length; first += chunkRows) {
    const chunk = byLength.slice(first, first + chunkRows)
    const { kl, score } = await measure.run(episodeFeeds(chunk, shapeOf(chunk, sampling.maxTokens)))
    for (const [row, episode] of chunk.entries()) {
      const raw = score.data[row] ?? Number.NaN
      measured.set(episode, { score: reward ? normalizedScore(raw, reward) : null, kl: kl.data[row] ?? Number.NaN })
    }
  }
  return episodes.map((episode) => measured.get(episode))
}

const lengthOf = ({ prompt, completion }: Episode) => prompt.length + completion.length

/** Rows in steps of 64 tokens: each length has a function of its own to compile. */
function shapeOf(chunk: readonly Episode[], maxTokens: number): EpisodeShape {
  return { rowLength: Math.ceil(Math.max(...chunk.map(lengthOf)) / 64) * 64, maxTokens }
}
