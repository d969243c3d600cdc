import type { StageOf } from '@temper/db/contracts'
import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { ForwardFunction, scoresAt } from '../forward/index.ts'
import { bradleyTerryLoss } from '../losses/index.ts'
import { type Model, paramsOf, roleNames } from '../models/index.ts'
import { tf } from '../runtime/tf.ts'
import type { Inputs, Program, Variables } from '../tracing/index.ts'
import { EpochSource } from './epoch-source.ts'
import { type Pair, type PairBatch, pairBatch } from './pairs.ts'
import type { MetricValues, Result, Trainer } from './trainer.ts'
import { type CheckpointParts, restoreTraining, saveTraining } from './training-state.ts'
import { type LossAndMetrics, Updater } from './updater.ts'

export type RewardSettings = Omit<StageOf<'reward'>, 'type' | 'from' | 'preferences'>

export interface RewardParts {
  program: Program
  /** A model with a score head; its weights are the program's role `reward`. */
  model: Model
  settings: RewardSettings
  pairs: readonly Pair[]
  heldOut: readonly Pair[]
  rowLength: number
  seed: number | 'sequential'
  /** Unless it follows from epochs. */
  totalSteps?: number
  checkpoint: CheckpointParts
}

/** Over the pairs that somebody decided; null where there are none. */
interface HeldOut {
  accuracy: number | null
  margin: number | null
  judged: number
}

interface Scored {
  chosen: number
  rejected: number
  tie: boolean
}

/**
 * Reward model on judged pairs (Ouyang et al., 2022): the score of prompt and answer is read at the answer's last token,
 * and −log σ(score of chosen − score of rejected) is lowered. A tie counts half a win for each side.
 */
export class RewardTrainer implements Trainer {
  readonly totalSteps: number
  readonly finishedEarly = false
  readonly #parts: RewardParts
  readonly #source: EpochSource<Pair>
  readonly #updater: Updater
  readonly #score: ForwardFunction<'chosen' | 'rejected'>
  #step = 0
  #numTokens = 0
  #metrics: MetricValues = {}
  #heldOutSummary: HeldOut | undefined

  constructor(parts: RewardParts) {
    const { program, model, settings, pairs, seed } = parts
    const { batchSize, gradientAccumulation, epochs, precision } = settings
    this.#parts = parts
    this.#source = new EpochSource(pairs, seed)
    this.totalSteps =
      parts.totalSteps ?? Math.max(1, Math.ceil((epochs * pairs.length) / (batchSize * gradientAccumulation)))
    this.#updater = new Updater(program, {
      name: 'reward',
      trained: roleNames('reward', model),
      settings,
      totalSteps: this.totalSteps,
      body: (variables, inputs) => loss(parts, variables, inputs),
    })
    this.#score = new ForwardFunction(program, 'score', precision, (variables, inputs) =>
      pairScores(parts, variables, inputs),
    )
  }

  get step(): number {
    return this.#step
  }

  async prepare(resumeFrom?: string): Promise<void> {
    await this.#updater.addVariables()
    if (resumeFrom === undefined) return
    const { state } = await restoreTraining(resumeFrom, this.#parts.program, this.#updater.stateNames)
    this.#step = Number(state.step)
    this.#numTokens = Number(state.numTokens)
  }

  async advance(): Promise<MetricValues> {
    const { settings } = this.#parts
    const { batchSize, gradientAccumulation } = settings
    const pairsAStep = batchSize * gradientAccumulation
    const batches = Array.from({ length: gradientAccumulation }, (_, pass) =>
      this.#batch(this.#source.take(this.#step * pairsAStep + pass * batchSize, batchSize), pairsAStep),
    )
    const values = await this.#updater.step(
      batches.map(({ feeds }) => feeds),
      this.#step + 1,
    )
    this.#step++
    this.#numTokens += batches.reduce((sum, { tokens }) => sum + tokens, 0)
    this.#metrics = { ...values, num_tokens: this.#numTokens, ...(await this.#heldOutAtEnd()) }
    return this.#metrics
  }

  async save(dir: string): Promise<void> {
    const { program, model, checkpoint } = this.#parts
    await saveTraining(dir, {
      ...checkpoint,
      program,
      model,
      role: 'reward',
      step: this.#step,
      metrics: this.#metrics,
      rewardNormalization: await this.#normalization(),
      stateNames: this.#updater.stateNames,
      state: { step: this.#step, numTokens: this.#numTokens },
    })
  }

  async result(): Promise<Result> {
    return { ...(await this.#heldOut()), loss: this.#metrics.loss ?? null }
  }

  close(): void {
    this.#parts.program.close()
  }

  async #heldOutAtEnd(): Promise<MetricValues> {
    if (this.#step < this.totalSteps) return {}
    const { accuracy, margin } = await this.#heldOut()
    if (accuracy === null || margin === null) return {}
    return { eval_accuracy: accuracy, eval_margin: margin }
  }

  /** Measured once, after the last step. */
  async #heldOut(): Promise<HeldOut> {
    this.#heldOutSummary ??= summarize(await this.#scoreAll(this.#parts.heldOut))
    return this.#heldOutSummary
  }

  /**
   * Mean and deviation of raw scores over all answers: samples of the policy that PPO starts from. Only the finished
   * model has them, so that a checkpoint on the way costs no pass over the data.
   */
  async #normalization() {
    return this.#step < this.totalSteps ? undefined : normalizationOf(await this.#scoreAll(this.#parts.pairs))
  }

  async #scoreAll(pairs: readonly Pair[]): Promise<Scored[]> {
    const size = this.#parts.settings.batchSize
    const scored: Scored[] = []
    for (let first = 0; first < pairs.length; first += size) {
      const batch = this.#batch(pairs.slice(first, first + size), 1)
      const { chosen, rejected } = await this.#score.run(batch.feeds)
      for (const [i, { tie }] of batch.pairs.entries()) {
        scored.push({ chosen: chosen.data[i] ?? Number.NaN, rejected: rejected.data[i] ?? Number.NaN, tie })
      }
    }
    return scored
  }

  #batch(pairs: readonly Pair[], denominator: number): PairBatch {
    return pairBatch(pairs, { size: this.#parts.settings.batchSize, rowLength: this.#parts.rowLength, denominator })
  }
}

/** Raw scores of both sides, each (N). */
function pairScores({ model, settings }: RewardParts, variables: Variables, inputs: Inputs<string>) {
  const { ids, positions, segments, lastPositions } = inputs as Inputs<
    'ids' | 'positions' | 'segments' | 'lastPositions'
  >
  const scores = scoresAt(model, paramsOf(variables, 'reward'), { ids, positions, segments }, lastPositions)
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
function summarize(scored: readonly Scored[]): HeldOut {
  const decided = scored.filter(({ tie }) => !tie)
  const judged = decided.length
  if (judged === 0) return { accuracy: null, margin: null, judged }
  const right = decided.filter(({ chosen, rejected }) => chosen > rejected).length
  const margin = decided.reduce((sum, { chosen, rejected }) => sum + chosen - rejected, 0) / judged
  return { accuracy: right / judged, margin, judged }
}

function normalizationOf(scored: readonly Scored[]): { mean: number; std: number } {
  const scores = scored.flatMap(({ chosen, rejected }) => [chosen, rejected])
  const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length
  const variance = scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / scores.length
  return { mean, std: Math.sqrt(variance) || 1 }
}
