import type { JobOf } from '@temper/db/contracts'
import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { ForwardFunction, scoresAt, type TokenInputs } from '../forward/index.ts'
import { bradleyTerryLoss } from '../losses/index.ts'
import { type Model, paramsOf, type Role, roleNames } from '../models/index.ts'
import { tf } from '../runtime/tf.ts'
import type { Inputs, Program, Variables } from '../tracing/index.ts'
import { dropoutFeeds } from './adapted-role.ts'
import { type MeasuredPair, type PairData, PairSource } from './pair-source.ts'
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

/** Over the pairs that somebody decided; null where there are none. */
interface HeldOut {
  accuracy: number | null
  margin: number | null
  judged: number
}

/**
 * Reward model on judged pairs (Ouyang et al., 2022): the score of prompt and answer is read at the answer's last token,
 * and −log σ(score of chosen − score of rejected) is lowered. A tie counts half a win for each side.
 */
export class RewardTrainer implements Trainer {
  readonly finishedEarly = false
  readonly #parts: RewardParts
  readonly #source: PairSource
  readonly #updater: Updater
  readonly #training: TrainingState
  readonly #score: ForwardFunction<'chosen' | 'rejected'>
  #numTokens = 0
  #heldOutSummary: HeldOut | undefined

  constructor(parts: RewardParts) {
    const { program, model, role, settings, checkpoint } = parts
    this.#parts = parts
    this.#source = new PairSource(parts, settings)
    this.#updater = new Updater(program, {
      name: 'reward',
      trained: roleNames(role, model),
      settings,
      totalSteps: this.totalSteps,
      body: (variables, inputs) => loss(parts, variables, inputs),
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
    const values = await this.#updater.step(passes, step)
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
    return { ...(await this.#heldOut()), loss: this.#training.metrics.loss ?? null }
  }

  close(): void {
    this.#parts.program.close()
  }

  async #heldOutAtEnd(): Promise<MetricValues> {
    if (this.step < this.totalSteps) return {}
    const { accuracy, margin } = await this.#heldOut()
    if (accuracy === null || margin === null) return {}
    return { eval_accuracy: accuracy, eval_margin: margin }
  }

  /** Measured once, after the last step. */
  async #heldOut(): Promise<HeldOut> {
    this.#heldOutSummary ??= summarize(await this.#source.measure(this.#parts.heldOut, this.#score))
    return this.#heldOutSummary
  }

  /**
   * Mean and deviation of raw scores over all answers: samples of the policy that PPO starts from. Only the finished
   * model has them, so that a checkpoint on the way costs no pass over the data.
   */
  async #normalization() {
    if (this.step < this.totalSteps) return
    return normalizationOf(await this.#source.measure(this.#parts.pairs, this.#score))
  }
}

/** Raw scores of both sides, each (N). */
function pairScores({ model, role, settings }: RewardParts, variables: Variables, inputs: Inputs<string>) {
  const { lastPositions, ...tokens } = inputs as TokenInputs & Inputs<'lastPositions'>
  const scores = scoresAt(model, paramsOf(variables, role, inputs.dropoutSeed), tokens, lastPositions)
  const [chosen, rejected] = tf.split(scores, [settings.batchSize, settings.batchSize]) as [Tensor, Tensor]
  return { chosen, rejected }
}

function loss(parts: RewardParts, variables: Variables, inputs: Inputs<string>): LossAndMetrics {
  const { pairWeights, ties, denominator } = inputs as Inputs<'pairWeights' | 'ties' | 'denominator'>
  const { chosen, rejected } = pairScores(parts, variables, inputs)
  const { lossSum } = bradleyTerryLoss({ chosen, rejected, weights: pairWeights, ties }, parts.settings)
  const mean = (values: Tensor) => tf.div(tf.sum(tf.mul(values, pairWeights)), denominator)
  return {
    loss: tf.div(lossSum, denominator),
    metrics: {
      accuracy: mean(tf.cast(tf.greater(chosen, rejected), 'float32')),
      margin: mean(tf.sub(chosen, rejected)),
      min_reward: tf.min(tf.minimum(chosen, rejected)),
      max_reward: tf.max(tf.maximum(chosen, rejected)),
      mean_reward: mean(tf.mul(tf.add(chosen, rejected), 0.5)),
    },
  }
}

/** Accuracy and margin over the pairs that somebody decided. */
function summarize(scored: readonly MeasuredPair[]): HeldOut {
  const decided = scored.filter(({ pair }) => !pair.tie)
  const judged = decided.length
  if (judged === 0) return { accuracy: null, margin: null, judged }
  const right = decided.filter(({ chosen, rejected }) => chosen > rejected).length
  const margin = decided.reduce((sum, { chosen, rejected }) => sum + chosen - rejected, 0) / judged
  return { accuracy: right / judged, margin, judged }
}

function normalizationOf(scored: readonly MeasuredPair[]): { mean: number; std: number } {
  const scores = scored.flatMap(({ chosen, rejected }) => [chosen, rejected])
  const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length
  const variance = scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / scores.length
  return { mean, std: Math.sqrt(variance) || 1 }
}
