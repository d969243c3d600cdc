import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import {
  completionLogps,
  type Episode,
  type EpisodeInputs,
  type EpisodeShape,
  ForwardFunction,
} from '../forward/index.ts'
import { Generator } from '../generation/index.ts'
import {
  generalizedAdvantages,
  klEstimators,
  nextKlCoef,
  ppoPolicyLoss,
  ppoValueLoss,
  tokenRewards,
  whiten,
} from '../losses/index.ts'
import { paramsOf, roleNames } from '../models/index.ts'
import {
  completionGrid,
  episodeShape,
  logpDifference,
  rewardModelScores,
  type SampledEpisodes,
  sampleEpisodes,
  scoreEpisodes,
  stopwatch,
  type UpdatePlan,
  updatesPerIteration,
} from '../rollout/index.ts'
import { tf } from '../runtime/tf.ts'
import type { Prompt } from '../tokenizer/index.ts'
import type { Inputs, Variables } from '../tracing/index.ts'
import { EpochSource } from './epoch-source.ts'
import { meanKl, rolloutMetrics, updateMetrics } from './ppo-metrics.ts'
import type { MethodSettings, PromptSamples } from './prompt-samples.ts'
import type { RolloutParts } from './rollout-parts.ts'
import { RolloutUpdates } from './rollout-updates.ts'
import type { JobContext, MetricValues, Result, Trainer } from './trainer.ts'
import { TrainingState } from './training-state.ts'
import { type LossAndMetrics, Updater } from './updater.ts'
import { logpsAndValues, type PolicyAndValue, valueNames } from './value-model.ts'

export interface PpoParts extends RolloutParts, PolicyAndValue {
  settings: MethodSettings<'ppo'>
}

/** What sampling and scoring leave for the updates; per episode, one number a completion token. */
export interface Rollout {
  episodes: Episode[]
  logps: number[][]
  refLogps: number[][]
  values: number[][]
  /** One an episode: what the rewards add up to, with the penalty for a missing end. */
  scores: number[]
  /** Whitened. */
  advantages: number[][]
  returns: number[][]
  /** Of the rewards, and how sampler and trainer agree. */
  metrics: MetricValues
}

/**
 * PPO on rewards of completions (Schulman et al., 2017; Ziegler et al., 2019). One iteration: sample a completion a
 * prompt, score it, take klCoef · KL to the reference from every token's reward, estimate advantages (GAE), then update
 * policy and value model for `ppoEpochs` passes with clipped losses.
 */
export class PpoTrainer implements Trainer {
  readonly totalSteps: number
  readonly finishedEarly = false
  readonly samples: PromptSamples | undefined
  readonly #parts: PpoParts
  readonly #source: EpochSource<Prompt>
  readonly #shape: EpisodeShape
  readonly #generator: Generator
  readonly #updates: RolloutUpdates
  readonly #training: TrainingState
  readonly #context: JobContext
  /** Moved after each iteration where `adaptiveKl` is set. */
  #klCoef: number

  constructor(parts: PpoParts, context: JobContext) {
    const { program, policy, policyRole, settings, prompts, seed, checkpoint } = parts
    this.#parts = parts
    this.samples = parts.samples
    this.#context = context
    this.#klCoef = settings.klCoef
    this.totalSteps = settings.iterations
    this.#source = new EpochSource(prompts, seed)
    this.#shape = episodeShape(policy, prompts, settings.sampling.maxTokens)
    const slots = Math.min(64, settings.episodesPerIteration)
    this.#generator = new Generator(program, policy, policyRole, slots, settings.precision, this.#shape.rowLength)
    const stateNames = valueNames(parts.value)
    const updater = new Updater(program, {
      name: 'ppo/update',
      trained: [...roleNames(policyRole, policy), ...stateNames],
      settings,
      totalSteps: settings.iterations * updatesPerIteration(this.#plan),
      body: (v, x) => ppoLoss(parts, v, x),
    })
    const { temperature } = settings.sampling
    const values = (v: Variables, x: Inputs<string>) => logpsAndValues(parts, v, x as EpisodeInputs, temperature)
    this.#updates = new RolloutUpdates({
      updater,
      judge: new ForwardFunction(program, 'ppo/judge', settings.precision, (v, x) => judge(parts, v, x)),
      measure: new ForwardFunction(program, 'ppo/measure', settings.precision, values),
      measured: ['logps', 'values'],
      lossInputs: (rows) => lossInputs([rows, this.#shape.maxTokens]),
      shape: this.#shape,
      prompts,
      plan: this.#plan,
      seed,
    })
    this.#training = new TrainingState({ program, model: policy, role: policyRole, checkpoint, updater, stateNames })
  }

  get step(): number {
    return this.#training.step
  }

  async prepare(resumeFrom?: string): Promise<void> {
    const resumed = await this.#training.prepare(resumeFrom)
    if (resumed && this.#parts.settings.adaptiveKl) this.#klCoef = Number(resumed.state.klCoef)
  }

  async advance(): Promise<MetricValues> {
    const { settings } = this.#parts
    const iteration = this.step + 1
    const clock = stopwatch(this.#context.nowMs)
    const sampled = await this.#sample(iteration)
    const generateSeconds = clock()
    const rollout = await this.#measureAndReward(sampled, iteration)
    const scoreSeconds = clock()
    const updates = await this.#update(rollout, iteration)
    this.#training.step = iteration
    this.#training.metrics = {
      ...rolloutMetrics(rollout, this.#klCoef, klEstimators[settings.klEstimator]),
      ...rollout.metrics,
      ...updateMetrics(updates),
      'timing/generate': generateSeconds,
      'timing/score': scoreSeconds,
      'timing/update': clock(),
    }
    this.#adaptKlCoef(rollout)
    return this.#training.metrics
  }

  save(dir: string): Promise<void> {
    return this.#training.save(dir, { state: { klCoef: this.#klCoef } })
  }

  async result(): Promise<Result> {
    const { 'objective/scores': scores = null, 'objective/kl': kl = null } = this.#training.metrics
    return { scores, kl }
  }

  close(): void {
    this.#parts.program.close()
  }

  get #plan(): UpdatePlan {
    const { settings } = this.#parts
    return { ...settings, episodes: settings.episodesPerIteration, epochs: settings.ppoEpochs }
  }

  /** Step 1: one completion a prompt, cut at its first stop token. */
  async #sample(iteration: number): Promise<SampledEpisodes> {
    const { episodesPerIteration: count } = this.#parts.settings
    const prompts = this.#source.take((iteration - 1) * count, count)
    const sampled = await sampleEpisodes(this.#generator, { iteration, prompts }, this.#parts)
    this.#context.emit({ type: 'samples', step: iteration, source: 'rollout', samples: sampled.texts })
    return sampled
  }

  /** Steps 2 to 4: log-probs, values and scores; token rewards with the KL penalty; advantages. */
  async #measureAndReward({ episodes, sampledLogps, texts }: SampledEpisodes, iteration: number): Promise<Rollout> {
    const { settings, rewards: sources } = this.#parts
    const { perToken, perEpisode: rawScores } = await this.#updates.measure(episodes, iteration)
    const { logps = [], refLogps = [], values = [] } = perToken
    const { scores, metrics } = await scoreEpisodes(sources, { episodes, texts, rawScores }, settings)
    const estimator = klEstimators[settings.klEstimator]
    const rewards = logps.map((row, i) => {
      const completion = { logps: row, refLogps: refLogps[i] ?? [], score: scores[i] ?? Number.NaN }
      return tokenRewards(completion, this.#klCoef, estimator)
    })
    const shaped = settings.whitenRewards ? whiten(rewards, { shiftMean: false }) : rewards
    const estimates = shaped.map((row, i) => generalizedAdvantages(row, values[i] ?? [], settings))
    const advantages = whiten(estimates.map((estimate) => estimate.advantages))
    const returns = estimates.map((estimate) => estimate.returns)
    metrics['sampling/logp_difference'] = logpDifference(sampledLogps, logps)
    return { episodes, logps, refLogps, values, scores, advantages, returns, metrics }
  }

  /** Step 5: `ppoEpochs` passes of `miniBatches` optimizer steps over shuffled episodes. */
  #update(rollout: Rollout, iteration: number): Promise<MetricValues[]> {
    return this.#updates.run(rollout.episodes, iteration, (miniBatch) => this.#lossFeeds(rollout, miniBatch))
  }

  /** Every token of the mini-batch counts alike, in whichever pass it is. */
  #lossFeeds({ logps, values, advantages, returns }: Rollout, miniBatch: readonly number[][]) {
    const tokens = miniBatch.flat().reduce((count, i) => count + (logps[i]?.length ?? 0), 0)
    const weights = logps.map((row) => row.map(() => 1 / tokens))
    return miniBatch.map((rows) => {
      const grid = (lists: readonly number[][]) => completionGrid(lists, rows, this.#shape.maxTokens)
      return {
        oldLogps: grid(logps),
        oldValues: grid(values),
        advantages: grid(advantages),
        returns: grid(returns),
        weights: grid(weights),
      }
    })
  }

  /** Step 6, for the next iteration. */
  #adaptKlCoef(rollout: Rollout): void {
    const { adaptiveKl } = this.#parts.settings
    if (adaptiveKl) this.#klCoef = nextKlCoef(this.#klCoef, meanKl(rollout), rollout.episodes.length, adaptiveKl)
  }
}

/** What the frozen models say: log-probs of completions under the reference, and raw scores. */
function judge(parts: PpoParts, variables: Variables, inputs: Inputs<string>) {
  const { policy, rewards, settings } = parts
  const x = inputs as EpisodeInputs
  const refLogps = completionLogps(policy, paramsOf(variables, 'ref'), x, settings.sampling.temperature)
  const scores = rewardModelScores(rewards, variables, x)
  return { refLogps: tf.reshape(refLogps, x.mask.shape), ...scores } as Record<string, Tensor>
}

/** Of the loss, beside the episodes: a number a token each. */
function lossInputs(shape: readonly number[]) {
  const grid = { shape, dtype: 'float32' } as const
  return { oldLogps: grid, oldValues: grid, advantages: grid, returns: grid, weights: grid }
}

/** policy loss + vfCoef · value loss, both means over the completion tokens of the mini-batch. */
function ppoLoss(parts: PpoParts, variables: Variables, inputs: Inputs<string>): LossAndMetrics {
  const { settings } = parts
  const x = inputs as EpisodeInputs & Inputs<keyof ReturnType<typeof lossInputs>>
  const { oldLogps, oldValues, advantages, returns, mask, weights } = x
  const { logps, values } = logpsAndValues(parts, variables, x, settings.sampling.temperature)
  const policyPart = ppoPolicyLoss({ logps, oldLogps, advantages, mask, weights }, settings.clipRange)
  const valuePart = ppoValueLoss({ values, oldValues, returns, weights }, settings.valueClipRange)
  return {
    loss: tf.add(policyPart.loss, tf.mul(valuePart.loss, settings.vfCoef)),
    early: { logps, values },
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
