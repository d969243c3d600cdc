import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import {
  completionHidden,
  completionLogps,
  completionScores,
  type Episode,
  type EpisodeInputs,
  type EpisodeShape,
  episodeFeeds,
  ForwardFunction,
} from '../forward/index.ts'
import { Generator } from '../generation/index.ts'
import { k1, weightedSum } from '../losses/index.ts'
import { paramsOf, type Role, roleNames } from '../models/index.ts'
import {
  completionGrid,
  episodeShape,
  logpDifference,
  meanOfUpdates,
  measureEpisodes,
  passRows,
  promptRows,
  rewardModelScores,
  type SampledEpisodes,
  sampleEpisodes,
  scoreEpisodes,
  stopwatch,
  sum,
  type UpdatePlan,
  updatesOf,
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
  readonly #measure: ForwardFunction<string>
  readonly #updater: Updater
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
    this.#measure = new ForwardFunction(program, 'group/measure', settings.precision, (v, x) => measure(parts, v, x))
    this.#updater = new Updater(program, {
      name: 'group/update',
      trained: roleNames(policyRole, policy),
      settings,
      totalSteps: settings.iterations * updatesPerIteration(this.#plan),
      body: (v, x) => groupLoss(parts, v, x),
    })
    const updater = this.#updater
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
    const rollout = await this.#measureAndReward(sampled)
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
  async #measureAndReward({ episodes, sampledLogps, texts }: SampledEpisodes): Promise<GroupRollout> {
    const { settings, rewards: sources, method } = this.#parts
    const rows = passRows(episodes.length, settings)
    const { perToken, perEpisode } = await measureEpisodes(this.#measure, episodes, this.#shape, rows)
    const { logps = [], refLogps } = perToken
    const { scores, metrics } = await scoreEpisodes(sources, { episodes, texts, rawScores: perEpisode }, settings)
    const kls = logps.map((row, i) => sum(row.map((logp, t) => k1(logp, refLogps?.[i]?.[t] ?? logp))))
    const rewards = scores.map((score, i) => method.reward(score, kls[i] ?? Number.NaN))
    const advantages = groupsOf(rewards, settings.groupSize).flatMap((group) => method.advantages(group))
    metrics['sampling/logp_difference'] = logpDifference(sampledLogps, logps)
    return { episodes, logps, refLogps, rewards, advantages, metrics }
  }

  /** Step 4: `updateEpochs` passes of `miniBatches` optimizer steps over shuffled completions. */
  async #update(rollout: GroupRollout, iteration: number): Promise<MetricValues[]> {
    const { seed } = this.#parts
    const updates: MetricValues[] = []
    for (const { miniBatch, step } of updatesOf(this.#plan, { seed, iteration })) {
      updates.push(await this.#updater.step(this.#feeds(rollout, miniBatch), step))
    }
    return updates
  }

  #feeds(rollout: GroupRollout, miniBatch: readonly number[][]) {
    const { logps, refLogps, advantages } = rollout
    const members = miniBatch.flat()
    const lengths = members.map((i) => logps[i]?.length ?? 0)
    const counts = this.#parts.method.tokenWeights(lengths)
    const countOf = new Map(members.map((member, i) => [member, counts[i] ?? Number.NaN]))
    const weights = logps.map((row, i) => row.map(() => countOf.get(i) ?? 0))
    const shares = logps.map((row) => row.map(() => 1 / sum(lengths)))
    return miniBatch.map((rows) => {
      const grid = (values: readonly number[][]) => completionGrid(values, rows, this.#shape.maxTokens)
      const episodes = rows.flatMap((row) => rollout.episodes[row] ?? [])
      const feeds = {
        ...episodeFeeds(episodes, this.#shape),
        oldLogps: grid(logps),
        ...(refLogps ? { refLogps: grid(refLogps) } : {}),
        advantages: { shape: [rows.length], data: Float32Array.from(rows, (row) => advantages[row] ?? Number.NaN) },
        weights: grid(weights),
        shares: grid(shares),
      }
      return { feeds, dataRows: promptRows(this.#parts.prompts, episodes) }
    })
  }
}

/** Log-probs of completions at the sampling temperature under the policy and, where it counts, the reference; raw scores. */
function measure(parts: GroupParts, variables: Variables, inputs: Inputs<string>) {
  const { policy, policyRole, rewards, settings } = parts
  const x = inputs as EpisodeInputs
  const logpsOf = (role: Role) =>
    tf.reshape(completionLogps(policy, paramsOf(variables, role), x, settings.sampling.temperature), x.mask.shape)
  const refLogps: Record<string, Tensor> = settings.beta > 0 ? { refLogps: logpsOf('ref') } : {}
  return { logps: logpsOf(policyRole), ...refLogps, ...rewardModelScores(rewards, variables, x) }
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
  return { loss, metrics: { clip_ratio: clipFraction, entropy } } satisfies LossAndMetrics
}
