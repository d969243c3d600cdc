import type { JobOf } from '@temper/db/contracts'
import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { ForwardFunction, scoresAt, type TokenInputs } from '../forward/index.ts'
import { bradleyTerryLoss, tieNuOf } from '../losses/index.ts'
import { type Model, paramsOf, type Role, roleNames } from '../models/index.ts'
import { tf } from '../runtime/tf.ts'
import type { Inputs, Program, Variables } from '../tracing/index.ts'
import { dropoutFeeds } from './adapted-role.ts'
import { judgeHeldOut } from './held-out-forecasts.ts'
import { type MeasuredPair, type PairData, PairSource } from './pair-source.ts'
import { withoutUndecided } from './pairs.ts'
import { spread } from './spread.ts'
import type { MetricValues, Result, Trainer } from './trainer.ts'
import { type CheckpointParts, TrainingState } from './training-state.ts'
import { type LossAndMetrics, Updater } from './updater.ts'

export interface RewardParts extends PairData {
  program: Program
  /** With a score head. */
  model: Model
  /** Where the program holds its weights; what is the role's own is trained. */
  role: Role
  settings: JobOf<'reward'>['settings']
  checkpoint: CheckpointParts
}

/** Strengths 1, 2 and 3 of a vote ask for a lead of ⅓, ⅔ and 1: the smaller margins of Llama 2 (Touvron et al., 2023). */
const marginPerStrength = 1 / 3

/** Of 1,000 answers the mean is exact to 3 % of the deviation, in a fraction of the time that a large dataset takes. */
const normalizingPairs = 500

/** What the judgements of this dataset mean to the loss. */
interface Judging {
  /** Lead asked for a degree of strength; 0 where the votes tell no degrees. */
  marginPerStrength: number
  /** Davidson's; undefined where a tie is half a win for each side, or there is none. */
  tieNu: number | undefined
}

/**
 * Reward model on judged pairs (Ouyang et al., 2022): the score of prompt and answer is read at the answer's last token,
 * and −log σ(score of chosen − score of rejected − margin) is lowered. A tie counts half a win for each side, or is an
 * outcome of its own.
 */
export class RewardTrainer implements Trainer {
  readonly finishedEarly = false
  readonly #parts: RewardParts
  readonly #source: PairSource
  readonly #updater: Updater
  readonly #training: TrainingState
  readonly #score: ForwardFunction<'chosen' | 'rejected'>
  #numTokens = 0
  readonly #judging: Judging
  #heldOutResult: Result | undefined

  constructor(parts: RewardParts) {
    const { program, model, role, settings, checkpoint } = parts
    this.#parts = parts
    this.#source = new PairSource(parts, settings, 'scores')
    this.#judging = judgingOf(parts)
    this.#updater = new Updater(program, {
      name: 'reward',
      trained: roleNames(role, model),
      settings,
      totalSteps: this.totalSteps,
      body: (variables, inputs) => loss(parts, this.#judging, variables, inputs),
    })
    this.#training = new TrainingState({ program, model, role, checkpoint, updater: this.#updater })
    this.#score = new ForwardFunction(program, 'score', settings.precision, (variables, inputs) =>
      pairScores(parts, variables, inputs),
    )
  }

  get totalSteps(): number {
    return this.#source.totalSteps
  }

  get step(): number {
    return this.#training.step
  }

  async prepare(resumeFrom?: string): Promise<void> {
    const resumed = await this.#training.prepare(resumeFrom)
    if (resumed) this.#numTokens = Number(resumed.state.numTokens)
  }

  async advance(): Promise<MetricValues> {
    const step = this.step + 1
    const batches = this.#source.batchesOf(step)
    const passes = batches.map((batch, pass) => ({
      ...batch,
      feeds: { ...batch.feeds, ...dropoutFeeds(this.#parts.role, step, pass) },
    }))
    const measured = await this.#updater.step(passes, step)
    const values = withoutUndecided(measured, batches.flatMap(({ pairs }) => pairs)) // biome-ignore format: one line
    this.#numTokens += batches.reduce((sum, { tokens }) => sum + tokens, 0)
    this.#training.step = step
    this.#training.metrics = { ...values, num_tokens: this.#numTokens, ...(await this.#heldOutAtEnd()) }
    return this.#training.metrics
  }

  async save(dir: string): Promise<void> {
    const rewardNormalization = await this.#normalization()
    await this.#training.save(dir, { rewardNormalization, state: { numTokens: this.#numTokens } })
  }

  async result(): Promise<Result> {
    const { tieNu } = this.#judging
    const loss = this.#training.metrics.loss ?? null
    return { ...(await this.#heldOut()), loss, ...(tieNu !== undefined && { tie_nu: tieNu }), ...this.#parts.counts }
  }

  close(): void {
    this.#parts.program.close()
  }

  async #heldOutAtEnd(): Promise<MetricValues> {
    if (this.step < this.totalSteps) return {}
    const { accuracy, margin } = await this.#heldOut()
    if (typeof accuracy !== 'number' || typeof margin !== 'number') return {}
    return { eval_accuracy: accuracy, eval_margin: margin }
  }

  /** Measured once, after the last step. */
  async #heldOut(): Promise<Result> {
    const measured = () => this.#source.measure(this.#parts.heldOut, this.#score, 'held-out pairs')
    this.#heldOutResult ??= judgeHeldOut(await measured(), this.#judging.tieNu ?? 0)
    return this.#heldOutResult
  }

  /**
   * Mean and deviation of raw scores over answers, which stand for samples of the policy that PPO starts from. Only the
   * finished model has them, so that a checkpoint on the way costs no pass over the data.
   */
  async #normalization() {
    if (this.step < this.totalSteps) return
    const pairs = spread(this.#parts.pairs, normalizingPairs)
    return normalizationOf(await this.#source.measure(pairs, this.#score, 'scores of trained pairs'))
  }
}

/** Raw scores of both sides, each (N). */
function pairScores({ model, role, settings }: RewardParts, variables: Variables, inputs: Inputs<string>) {
  const { lastPositions, ...tokens } = inputs as TokenInputs & Inputs<'lastPositions'>
  const scores = scoresAt(model, paramsOf(variables, role, inputs.dropoutSeed), tokens, lastPositions)
  const [chosen, rejected] = tf.split(scores, [settings.batchSize, settings.batchSize]) as [Tensor, Tensor]
  return { chosen, rejected }
}

/** Votes tell degrees of strength where not all have the lowest. */
function judgingOf({ pairs, settings }: RewardParts): Judging {
  const graded = settings.margin === 'strength' && pairs.some(({ tie, strength }) => !tie && strength > 1)
  const tied = settings.ties === 'davidson' && pairs.some(({ tie }) => tie)
  return {
    marginPerStrength: graded ? marginPerStrength : 0,
    tieNu: tied ? (settings.tieNu ?? tieNuOf(pairs)) : undefined,
  }
}

function loss(parts: RewardParts, judging: Judging, variables: Variables, inputs: Inputs<string>): LossAndMetrics {
  const { pairWeights, ties, strengths, denominator, decidedCount } = inputs as Inputs<
    'pairWeights' | 'ties' | 'strengths' | 'denominator' | 'decidedCount'
  >
  const { chosen, rejected } = pairScores(parts, variables, inputs)
  const { tieNu } = judging
  const { centerRewardsCoefficient } = parts.settings
  const margin = judging.marginPerStrength === 0 ? {} : { margin: tf.mul(strengths, judging.marginPerStrength) }
  const pairs = { chosen, rejected, weights: pairWeights, ties, ...margin }
  const { lossSum } = bradleyTerryLoss(pairs, { centerRewardsCoefficient, tieNu })
  const mean = (values: Tensor) => tf.div(tf.sum(tf.mul(values, pairWeights)), denominator)
  // Of a tie neither answer should lead.
  const decided = tf.mul(pairWeights, tf.sub(1, ties))
  const ofDecided = (values: Tensor) => tf.div(tf.sum(tf.mul(values, decided)), tf.maximum(decidedCount, 1))
  return {
    loss: tf.div(lossSum, denominator),
    metrics: {
      accuracy: ofDecided(tf.cast(tf.greater(chosen, rejected), 'float32')),
      margin: ofDecided(tf.sub(chosen, rejected)),
      min_reward: tf.min(tf.minimum(chosen, rejected)),
      max_reward: tf.max(tf.maximum(chosen, rejected)),
      mean_reward: mean(tf.mul(tf.add(chosen, rejected), 0.5)),
    },
  }
}

function normalizationOf(scored: readonly MeasuredPair[]): { mean: number; std: number } {
  const scores = scored.flatMap(({ chosen, rejected }) => [chosen, rejected])
  const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length
  const variance = scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / scores.length
  return { mean, std: Math.sqrt(variance) || 1 }
}
