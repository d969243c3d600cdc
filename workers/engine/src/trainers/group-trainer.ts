import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import {
  completionHidden,
  completionLogps,
  completionScores,
  type Episode,
  type EpisodeInputs,
  type EpisodeShape,
  ForwardFunction,
} from '../forward/index.ts'
import { Generator } from '../generation/index.ts'
import { k1, weightedSum } from '../losses/index.ts'
import { paramsOf, roleNames } from '../models/index.ts'
import {
  completionGrid,
  episodeShape,
  logpDifference,
  meanOfUpdates,
  rewardModelScores,
  type SampledEpisodes,
  sampleEpisodes,
  scoreEpisodes,
  stopwatch,
  sum,
  type UpdatePlan,
  updatesPerIteration,
} from '../rollout/index.ts'
import { tf } from '../runtime/tf.ts'
import type { Prompt } from '../tokenizer/index.ts'
import type { Inputs, Variables } from '../tracing/index.ts'
import { EpochSource } from './epoch-source.ts'
import type { GroupMethod } from './group-method.ts'
import { groupMetrics, groupsOf } from './group-metrics.ts'
import type { MethodSettings, PromptSamples } from './prompt-samples.ts'
import type { RolloutParts } from './rollout-parts.ts'
import { RolloutUpdates } from './rollout-updates.ts'
import type { JobContext, MetricValues, Result, Trainer } from './trainer.ts'
import { TrainingState } from './training-state.ts'
import { type LossAndMetrics, Updater } from './updater.ts'

/** There is a reference where beta is above 0. */
export interface GroupParts extends RolloutParts {
  method: GroupMethod
  settings: MethodSettings<'grpo' | 'rloo'>
}

/** Completions group after group; log-probs are lists, one number a token. */
export interface GroupRollout {
  episodes: Episode[]
  logps: number[][]
  /** Undefined where beta is 0. */
  refLogps: number[][] | undefined
  /** One an episode each. */
  rewards: number[]
  advantages: number[]
  /** Of the rewards, and how sampler and trainer agree. */
  metrics: MetricValues
}

/**
 * Policy optimisation by comparison within groups, without a value model. One iteration: sample `groupSize` completions
 * of each prompt, score them, take their advantages over the others of their group, then update the policy for
 * `updateEpochs` passes. What grpo and rloo do otherwise is in their `GroupMethod`.
 */
export class GroupTrainer implements Trainer {
  readonly totalSteps: number
  readonly finishedEarly = false
  readonly samples: PromptSamples | undefined
  readonly #parts: GroupParts
  readonly #source: EpochSource<Prompt>
  readonly #shape: EpisodeShape
  readonly #generator: Generator
  readonly #updates: RolloutUpdates
  readonly #training: TrainingState
  readonly #context: JobContext
  #numTokens = 0

  constructor(parts: GroupParts, context: JobContext) {
    const { program, policy, policyRole, settings, prompts, seed, checkpoint } = parts
    this.#parts = parts
    this.samples = parts.samples
    this.#context = context
    this.totalSteps = settings.iterations
    this.#source = new EpochSource(prompts, seed)
    this.#shape = episodeShape(policy, prompts, settings.sampling.maxTokens)
    const slots = Math.min(64, this.#episodes)
    this.#generator = new Generator(program, policy, policyRole, slots, settings.precision, this.#shape.rowLength)
    const isJudged = settings.beta > 0 || parts.rewards.some((source) => 'scorer' in source)
    const updater = new Updater(program, {
      name: 'group/update',
      trained: roleNames(policyRole, policy),
      settings,
      totalSteps: settings.iterations * updatesPerIteration(this.#plan),
      body: (v, x) => groupLoss(parts, v, x),
    })
    this.#updates = new RolloutUpdates({
      updater,
      judge: isJudged
        ? new ForwardFunction(program, 'group/judge', settings.precision, (v, x) => judge(parts, v, x))
        : undefined,
      measure: new ForwardFunction(program, 'group/measure', settings.precision, (v, x) => measure(parts, v, x)),
      measured: ['logps'],
      lossInputs: (rows) => lossInputs([rows, this.#shape.maxTokens], settings.beta > 0),
      shape: this.#shape,
      prompts,
      plan: this.#plan,
      seed,
    })
    this.#training = new TrainingState({ program, model: policy, role: policyRole, checkpoint, updater })
  }

  get step(): number {
    return this.#training.step
  }

  async prepare(resumeFrom?: string): Promise<void> {
    const resumed = await this.#training.prepare(resumeFrom)
    if (resumed) this.#numTokens = Number(resumed.state.numTokens)
  }

  async advance(): Promise<MetricValues> {
    const { settings, method } = this.#parts
    const iteration = this.step + 1
    const clock = stopwatch(this.#context.nowMs)
    const sampled = await this.#sample(iteration)
    const generateSeconds = clock()
    const rollout = await this.#measureAndReward(sampled, iteration)
    const scoreSeconds = clock()
    const updates = await this.#update(rollout, iteration)
    this.#numTokens += sum(rollout.episodes.map(({ prompt, completion }) => prompt.length + completion.length))
    this.#training.step = iteration
    this.#training.metrics = {
      ...groupMetrics(rollout, settings.groupSize, method.klEstimator),
      ...rollout.metrics,
      ...meanOfUpdates(updates),
      num_tokens: this.#numTokens,
      'timing/generate': generateSeconds,
      'timing/score': scoreSeconds,
      'timing/update': clock(),
    }
    return this.#training.metrics
  }

  save(dir: string): Promise<void> {
    return this.#training.save(dir, { state: { numTokens: this.#numTokens } })
  }

  async result(): Promise<Result> {
    const { reward = null, kl = null } = this.#training.metrics
    return { reward, kl }
  }

  close(): void {
    this.#parts.program.close()
  }

  /** Completions of an iteration. */
  get #episodes(): number {
    const { promptsPerIteration, groupSize } = this.#parts.settings
    return promptsPerIteration * groupSize
  }

  get #plan(): UpdatePlan {
    const { settings } = this.#parts
    return { ...settings, episodes: this.#episodes, epochs: settings.updateEpochs }
  }

  /** Step 1: a group of completions of each prompt, which the decoder reads once. */
  async #sample(iteration: number): Promise<SampledEpisodes> {
    const { promptsPerIteration: count, groupSize } = this.#parts.settings
    const chosen = this.#source.take((iteration - 1) * count, count)
    const prompts = chosen.flatMap((prompt) => Array<Prompt>(groupSize).fill(prompt))
    const sampled = await sampleEpisodes(this.#generator, { iteration, prompts }, this.#parts)
    this.#context.emit({ type: 'samples', step: iteration, source: 'rollout', samples: sampled.texts })
    return sampled
  }

  /** Steps 2 and 3: log-probs and scores; rewards; advantages within groups. */
  async #measureAndReward(
    { episodes, sampledLogps, texts }: SampledEpisodes,
    iteration: number,
  ): Promise<GroupRollout> {
    const { settings, rewards: sources, method } = this.#parts
    const { perToken, perEpisode: rawScores } = await this.#updates.measure(episodes, iteration)
    const { logps = [], refLogps } = perToken
    const { scores, metrics } = await scoreEpisodes(sources, { episodes, texts, rawScores }, settings)
    const kls = logps.map((row, i) => sum(row.map((logp, t) => k1(logp, refLogps?.[i]?.[t] ?? logp))))
    const rewards = scores.map((score, i) => method.reward(score, kls[i] ?? Number.NaN))
    const advantages = groupsOf(rewards, settings.groupSize).flatMap((group) => method.advantages(group))
    metrics['sampling/logp_difference'] = logpDifference(sampledLogps, logps)
    return { episodes, logps, refLogps, rewards, advantages, metrics }
  }

  /** Step 4: `updateEpochs` passes of `miniBatches` optimizer steps over shuffled completions. */
  #update(rollout: GroupRollout, iteration: number): Promise<MetricValues[]> {
    return this.#updates.run(rollout.episodes, iteration, (miniBatch) => this.#lossFeeds(rollout, miniBatch))
  }

  #lossFeeds({ logps, refLogps, advantages }: GroupRollout, miniBatch: readonly number[][]) {
    const members = miniBatch.flat()
    const lengths = members.map((i) => logps[i]?.length ?? 0)
    const counts = this.#parts.method.tokenWeights(lengths)
    const countOf = new Map(members.map((member, i) => [member, counts[i] ?? Number.NaN]))
    const weights = logps.map((row, i) => row.map(() => countOf.get(i) ?? 0))
    const shares = logps.map((row) => row.map(() => 1 / sum(lengths)))
    return miniBatch.map((rows) => {
      const grid = (values: readonly number[][]) => completionGrid(values, rows, this.#shape.maxTokens)
      return {
        oldLogps: grid(logps),
        ...(refLogps ? { refLogps: grid(refLogps) } : {}),
        advantages: { shape: [rows.length], data: Float32Array.from(rows, (row) => advantages[row] ?? Number.NaN) },
        weights: grid(weights),
        shares: grid(shares),
      }
    })
  }
}

/** What the frozen models say: log-probs of completions under the reference, where it counts, and raw scores. */
function judge(parts: GroupParts, variables: Variables, inputs: Inputs<string>) {
  const { policy, rewards, settings } = parts
  const x = inputs as EpisodeInputs
  const refLogps = () => completionLogps(policy, paramsOf(variables, 'ref'), x, settings.sampling.temperature)
  return {
    ...(settings.beta > 0 ? { refLogps: tf.reshape(refLogps(), x.mask.shape) } : {}),
    ...rewardModelScores(rewards, variables, x),
  } as Record<string, Tensor>
}

/** Log-probs of completions at the sampling temperature. */
function measure({ policy, policyRole, settings }: GroupParts, variables: Variables, inputs: Inputs<string>) {
  const x = inputs as EpisodeInputs
  const logps = completionLogps(policy, paramsOf(variables, policyRole), x, settings.sampling.temperature)
  return { logps: tf.reshape(logps, x.mask.shape) }
}

/** Of the loss, beside the completions. */
function lossInputs(shape: readonly [rows: number, maxTokens: number], reference: boolean) {
  const grid = { shape, dtype: 'float32' } as const
  const advantages = { shape: shape.slice(0, 1), dtype: 'float32' } as const
  return { oldLogps: grid, ...(reference && { refLogps: grid }), advantages, weights: grid, shares: grid }
}

type UpdateInputs = EpisodeInputs &
  Inputs<'oldLogps' | 'advantages' | 'weights' | 'shares'> &
  Partial<Inputs<'refLogps'>>

/** The method's loss over the completions of a pass. */
function groupLoss(parts: GroupParts, variables: Variables, inputs: Inputs<string>) {
  const { policy, policyRole, method, settings } = parts
  const x = inputs as UpdateInputs
  const params = paramsOf(variables, policyRole)
  const scored = completionScores(policy, params, completionHidden(policy, params, x), x.targets, settings.sampling.temperature) // biome-ignore format: one call
  const logps = tf.reshape(scored.logps, x.mask.shape)
  const { loss, clipFraction } = method.loss({ ...x, logps })
  const entropy = weightedSum(tf.reshape(scored.entropy, x.mask.shape), x.shares)
  return { loss, early: { logps }, metrics: { clip_ratio: clipFraction, entropy } } satisfies LossAndMetrics
}
