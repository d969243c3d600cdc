import type { Tensor } from '@tensorflow/tfjs-node-gpu'
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
import { Generator } from '../generation/index.ts'
import { generalizedAdvantages, ppoPolicyLoss, ppoValueLoss, tokenRewards, whiten } from '../losses/index.ts'
import { type Model, paramsOf, type Role, roleNames } from '../models/index.ts'
import { seedOf, shuffle } from '../random.ts'
import { tf } from '../runtime/tf.ts'
import type { Tokenizer } from '../tokenizer/index.ts'
import type { Inputs, Program, Values, Variables } from '../tracing/index.ts'
import { EpochSource } from './epoch-source.ts'
import { rolloutMetrics, updateMetrics } from './ppo-metrics.ts'
import type { MethodSettings, PromptSamples } from './prompt-samples.ts'
import type { JobContext, MetricValues, Result, Trainer } from './trainer.ts'
import { type CheckpointParts, TrainingState } from './training-state.ts'
import { type LossAndMetrics, Updater } from './updater.ts'

/** A reward or value model with the role that holds its weights. */
export type PlacedScorer = Scorer & { role: Role }

export interface PpoParts {
  program: Program
  policy: Model
  /** Where the program holds the policy's weights. Those of the reference, its weights at the start, are role `ref`. */
  policyRole: Role
  reward: PlacedScorer
  value: PlacedScorer
  tokenizer: Pick<Tokenizer, 'stopIds' | 'decode'>
  prompts: readonly (readonly number[])[]
  settings: MethodSettings<'ppo'>
  seed: number
  checkpoint: CheckpointParts
  samples?: PromptSamples
}

/** What sampling and scoring leave for the updates; per episode, one number a completion token. */
export interface Rollout {
  episodes: Episode[]
  logps: number[][]
  refLogps: number[][]
  values: number[][]
  /** One an episode: normalised, with the penalty for a missing end. */
  scores: number[]
  /** Whitened. */
  advantages: number[][]
  returns: number[][]
}

/**
 * PPO on a learned reward (Schulman et al., 2017; Ziegler et al., 2019). One iteration: sample a completion a prompt,
 * score it, take −klCoef · KL to the reference from every token's reward, estimate advantages (GAE), then update policy
 * and value model for `ppoEpochs` passes with clipped losses.
 */
export class PpoTrainer implements Trainer {
  readonly totalSteps: number
  readonly finishedEarly = false
  readonly samples: PromptSamples | undefined
  readonly #parts: PpoParts
  readonly #source: EpochSource<readonly number[]>
  readonly #shape: EpisodeShape
  readonly #generator: Generator
  readonly #measure: ForwardFunction<'logps' | 'refLogps' | 'values' | 'scores'>
  readonly #updater: Updater
  readonly #training: TrainingState
  readonly #context: JobContext

  constructor(parts: PpoParts, context: JobContext) {
    const { program, policy, policyRole, value, settings, prompts, seed, checkpoint } = parts
    const { maxTokens } = settings.sampling
    const longest = Math.max(...prompts.map((prompt) => prompt.length))
    this.#parts = parts
    this.samples = parts.samples
    this.#context = context
    this.totalSteps = settings.iterations
    this.#source = new EpochSource(prompts, seed)
    this.#shape = { rowLength: Math.min(policy.contextLength, roundUp(longest + maxTokens, 16)), maxTokens }
    const slots = Math.min(64, settings.episodesPerIteration)
    this.#generator = new Generator(program, policy, policyRole, slots, settings.precision)
    this.#measure = new ForwardFunction(program, 'ppo/measure', settings.precision, (v, x) => measure(parts, v, x))
    const stateNames = roleNames(value.role, value.model)
    this.#updater = new Updater(program, {
      name: 'ppo/update',
      trained: [...roleNames(policyRole, policy), ...stateNames],
      settings,
      totalSteps: settings.iterations * settings.ppoEpochs * settings.miniBatches,
      body: (v, x) => ppoLoss(parts, v, x),
    })
    const updater = this.#updater
    this.#training = new TrainingState({ program, model: policy, role: policyRole, checkpoint, updater, stateNames })
  }

  get step(): number {
    return this.#training.step
  }

  async prepare(resumeFrom?: string): Promise<void> {
    await this.#training.prepare(resumeFrom)
  }

  async advance(): Promise<MetricValues> {
    const iteration = this.step + 1
    const clock = this.#stopwatch()
    const episodes = await this.#sample(iteration)
    const generateSeconds = clock()
    const rollout = await this.#measureAndReward(episodes)
    const scoreSeconds = clock()
    const updates = await this.#update(rollout, iteration)
    this.#training.step = iteration
    this.#training.metrics = {
      ...rolloutMetrics(rollout, this.#parts.settings),
      ...updateMetrics(updates),
      'timing/generate': generateSeconds,
      'timing/score': scoreSeconds,
      'timing/update': clock(),
    }
    return this.#training.metrics
  }

  save(dir: string): Promise<void> {
    return this.#training.save(dir)
  }

  async result(): Promise<Result> {
    const { 'objective/scores': scores = null, 'objective/kl': kl = null } = this.#training.metrics
    return { scores, kl }
  }

  close(): void {
    this.#parts.program.close()
  }

  /** Seconds since the last call. */
  #stopwatch(): () => number {
    let lastMs = this.#context.nowMs()
    return () => {
      const nowMs = this.#context.nowMs()
      const seconds = (nowMs - lastMs) / 1000
      lastMs = nowMs
      return seconds
    }
  }

  /** Step 1: one completion a prompt, cut at its first stop token. */
  async #sample(iteration: number): Promise<Episode[]> {
    const { settings, tokenizer, seed } = this.#parts
    const { episodesPerIteration: count, sampling } = settings
    const firstIndex = (iteration - 1) * count
    const prompts = this.#source.take(firstIndex, count)
    const generated = await this.#generator.generate({
      prompts,
      sampling,
      stopIds: tokenizer.stopIds,
      seed,
      firstIndex,
    })
    const episodes = generated.map(({ ids, stopped }, index) => ({
      prompt: prompts[index] ?? [],
      completion: ids,
      stopped,
    }))
    this.#report(iteration, episodes)
    return episodes
  }

  #report(iteration: number, episodes: readonly Episode[]) {
    const { tokenizer } = this.#parts
    const text = (ids: readonly number[]) => tokenizer.decode(ids, { skipSpecialTokens: true }).trim()
    const samples = episodes.map(({ prompt, completion, stopped }) => ({
      prompt: text(prompt),
      completion: text(completion),
      endedProperly: stopped,
    }))
    this.#context.emit({ type: 'samples', step: iteration, source: 'rollout', samples })
  }

  /** Steps 2 to 4: log-probs, values and scores; token rewards with the KL penalty; advantages. */
  async #measureAndReward(episodes: Episode[]): Promise<Rollout> {
    const { settings, reward } = this.#parts
    const { logps, refLogps, values, rawScores } = await this.#measureAll(episodes)
    const scores = rawScores.map((raw, i) => {
      const score = normalizedScore(raw, reward)
      return episodes[i]?.stopped ? score : score - settings.missingEosPenalty
    })
    const rewards = logps.map((row, i) =>
      tokenRewards({ logps: row, refLogps: refLogps[i] ?? [], score: scores[i] ?? Number.NaN }, settings.klCoef),
    )
    const shaped = settings.whitenRewards ? whiten(rewards, { shiftMean: false }) : rewards
    const estimates = shaped.map((row, i) => generalizedAdvantages(row, values[i] ?? [], settings))
    const advantages = whiten(estimates.map((estimate) => estimate.advantages))
    return { episodes, logps, refLogps, values, scores, advantages, returns: estimates.map(({ returns }) => returns) }
  }

  /** In chunks of the shape that updates use, so that the first update sees the very same numbers (ratio 1). */
  async #measureAll(episodes: readonly Episode[]) {
    const rows = () => [] as number[][]
    const all = { logps: rows(), refLogps: rows(), values: rows(), rawScores: [] as number[] }
    for (let first = 0; first < episodes.length; first += this.#miniBatchSize) {
      const chunk = episodes.slice(first, first + this.#miniBatchSize)
      const measured = await this.#measure.run(episodeFeeds(chunk, this.#shape))
      for (const [row, { completion }] of chunk.entries()) {
        const from = row * this.#shape.maxTokens
        const ofRow = (grid: { data: Values }) => Array.from(grid.data.subarray(from, from + completion.length))
        all.logps.push(ofRow(measured.logps))
        all.refLogps.push(ofRow(measured.refLogps))
        all.values.push(ofRow(measured.values))
      }
      all.rawScores.push(...measured.scores.data.subarray(0, chunk.length))
    }
    return all
  }

  get #miniBatchSize(): number {
    const { episodesPerIteration, miniBatches } = this.#parts.settings
    return Math.ceil(episodesPerIteration / miniBatches)
  }

  /** Step 5: `ppoEpochs` passes of `miniBatches` optimizer steps over shuffled episodes. */
  async #update(rollout: Rollout, iteration: number): Promise<MetricValues[]> {
    const { settings, seed } = this.#parts
    const before = (iteration - 1) * settings.ppoEpochs * settings.miniBatches
    const updates: MetricValues[] = []
    for (let epoch = 0; epoch < settings.ppoEpochs; epoch++) {
      const order = shuffle(rollout.episodes.keys(), seed, seedOf('ppo/mini-batches'), iteration, epoch)
      for (let first = 0; first < order.length; first += this.#miniBatchSize) {
        const feeds = this.#miniBatch(rollout, order.slice(first, first + this.#miniBatchSize))
        const dataRows = this.#dataRows(rollout, order.slice(first, first + this.#miniBatchSize))
        updates.push(await this.#updater.step([{ feeds, dataRows }], before + updates.length + 1))
      }
    }
    return updates
  }

  /** Rows of the prompts, from 1. */
  #dataRows({ episodes }: Rollout, rows: readonly number[]): number[] {
    const { prompts } = this.#parts
    return rows.map((row) => prompts.indexOf(episodes[row]?.prompt ?? []) + 1)
  }

  #miniBatch(rollout: Rollout, rows: readonly number[]) {
    const { maxTokens } = this.#shape
    const grid = (values: readonly (readonly number[])[]) => {
      const data = new Float32Array(rows.length * maxTokens)
      for (const [to, from] of rows.entries()) data.set(values[from] ?? [], to * maxTokens)
      return { shape: [rows.length, maxTokens], data }
    }
    const episodes = rows.flatMap((row) => rollout.episodes[row] ?? [])
    return {
      ...episodeFeeds(episodes, this.#shape),
      oldLogps: grid(rollout.logps),
      oldValues: grid(rollout.values),
      advantages: grid(rollout.advantages),
      returns: grid(rollout.returns),
    }
  }
}

/** Log-probs of completions under policy and reference at the sampling temperature, values, and raw scores. */
function measure(parts: PpoParts, variables: Variables, inputs: Inputs<string>) {
  const { policy, policyRole, reward, value, settings } = parts
  const x = inputs as EpisodeInputs
  const { temperature } = settings.sampling
  return {
    logps: completionLogps(policy, paramsOf(variables, policyRole), x, temperature),
    refLogps: completionLogps(policy, paramsOf(variables, 'ref'), x, temperature),
    values: completionValues(value, variables, x),
    scores: scoresAt(reward.model, paramsOf(variables, reward.role), x, x.lastPositions),
  }
}

/** policy loss + vfCoef · value loss, both means over the completion tokens of the mini-batch. */
function ppoLoss(parts: PpoParts, variables: Variables, inputs: Inputs<string>): LossAndMetrics {
  const { policy, policyRole, value, settings } = parts
  const x = inputs as EpisodeInputs & Inputs<'oldLogps' | 'oldValues' | 'advantages' | 'returns'>
  const { oldLogps, oldValues, advantages, returns, mask } = x
  const logps = tf.reshape(
    completionLogps(policy, paramsOf(variables, policyRole), x, settings.sampling.temperature),
    mask.shape,
  )
  const values = tf.reshape(completionValues(value, variables, x), mask.shape)
  const policyPart = ppoPolicyLoss({ logps, oldLogps, advantages, mask }, settings.clipRange)
  const valuePart = ppoValueLoss({ values, oldValues, returns, mask }, settings.valueClipRange)
  return {
    loss: tf.add(policyPart.loss, tf.mul(valuePart.loss, settings.vfCoef)),
    metrics: {
      'loss/policy_avg': policyPart.loss,
      'loss/value_avg': valuePart.loss,
      'policy/approxkl_avg': policyPart.approxKl,
      'policy/clipfrac_avg': policyPart.clipFraction,
      'val/ratio': policyPart.ratio,
      'val/clipfrac_avg': valuePart.clipFraction,
    },
  }
}

/** V of the state before each token, in units of the normalised score; (R · maxTokens). */
function completionValues(
  { model, role, normalization }: PlacedScorer,
  variables: Variables,
  x: EpisodeInputs,
): Tensor {
  const raw = scoresAt(model, paramsOf(variables, role), x, x.lossPositions)
  return tf.div(tf.sub(raw, normalization.mean), normalization.std)
}

function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple
}
