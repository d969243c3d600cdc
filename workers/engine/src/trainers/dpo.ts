import type { StageOf } from '@temper/db/contracts'
import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { type BatchInputs, ForwardFunction } from '../forward/index.ts'
import { dpoLoss, languageModelingLoss, maskedMean, sequenceLogps } from '../losses/index.ts'
import { type Model, paramsOf, roleNames } from '../models/index.ts'
import { packedCausalAttention } from '../nn/index.ts'
import { tf } from '../runtime/tf.ts'
import type { Inputs, Program, Variables } from '../tracing/index.ts'
import { EpochSource } from './epoch-source.ts'
import { type Pair, type PairBatch, pairBatch } from './pairs.ts'
import type { MetricValues, Result, Trainer } from './trainer.ts'
import { type CheckpointParts, restoreTraining, saveTraining } from './training-state.ts'
import { type LossAndMetrics, Updater } from './updater.ts'

export type DpoSettings = Omit<StageOf<'dpo'>, 'type' | 'from' | 'preferences'>

export interface DpoParts {
  program: Program
  /** Its weights are the program's role `policy`. */
  model: Model
  settings: DpoSettings
  pairs: readonly Pair[]
  heldOut: readonly Pair[]
  rowLength: number
  seed: number | 'sequential'
  /** Unless it follows from epochs. */
  totalSteps?: number
  checkpoint: CheckpointParts
}

/** Summed log-probs of each pair's answers under the frozen reference, by the pair's index: (chosen, rejected). */
type ReferenceLogps = Map<Pair, [number, number]>

/**
 * Direct preference optimisation (Rafailov et al., 2023): raises log π(chosen) − log π(rejected) over what the reference
 * says. The reference is the policy before its first step; its log-probs are computed once.
 */
export class DpoTrainer implements Trainer {
  readonly totalSteps: number
  readonly #parts: DpoParts
  readonly #source: EpochSource<Pair>
  readonly #updater: Updater
  readonly #logps: ForwardFunction<'chosen' | 'rejected'>
  readonly #evaluate: ForwardFunction<'loss' | 'rewards/margins' | 'rewards/accuracies'>
  readonly #reference: ReferenceLogps = new Map()
  #step = 0
  #numTokens = 0
  #finishedEarly = false
  #metrics: MetricValues = {}

  constructor(parts: DpoParts) {
    const { program, model, settings, pairs, seed } = parts
    const { batchSize, gradientAccumulation, epochs, precision } = settings
    this.#parts = parts
    this.#source = new EpochSource(pairs, seed)
    this.totalSteps =
      parts.totalSteps ?? Math.max(1, Math.ceil((epochs * pairs.length) / (batchSize * gradientAccumulation)))
    const body = (variables: Variables, inputs: Inputs<string>) => loss(parts, variables, inputs)
    this.#updater = new Updater(program, {
      name: 'dpo',
      trained: roleNames('policy', model),
      settings,
      totalSteps: this.totalSteps,
      body,
    })
    this.#logps = new ForwardFunction(program, 'logps', precision, (variables, inputs) =>
      pairLogps(parts, variables, inputs),
    )
    this.#evaluate = new ForwardFunction(program, 'evaluate', precision, (variables, inputs) => {
      const { loss, metrics } = body(variables, inputs)
      return {
        loss,
        'rewards/margins': metrics['rewards/margins'],
        'rewards/accuracies': metrics['rewards/accuracies'],
      }
    })
  }

  get step(): number {
    return this.#step
  }

  get finishedEarly(): boolean {
    return this.#finishedEarly
  }

  async prepare(resumeFrom?: string): Promise<void> {
    await this.#updater.addVariables()
    if (resumeFrom === undefined) return this.computeReference([...this.#parts.pairs, ...this.#parts.heldOut])
    const { state, tensors } = await restoreTraining(resumeFrom, this.#parts.program, this.#updater.stateNames)
    this.#step = Number(state.step)
    this.#numTokens = Number(state.numTokens)
    this.#finishedEarly = state.finishedEarly === true
    this.#readReference(tensors.reference ?? new Float32Array())
  }

  async advance(): Promise<MetricValues> {
    const { settings } = this.#parts
    const { batchSize, gradientAccumulation, evaluateEverySteps } = settings
    const pairsAStep = batchSize * gradientAccumulation
    const batches = Array.from({ length: gradientAccumulation }, (_, pass) =>
      this.#batch(this.#source.take(this.#step * pairsAStep + pass * batchSize, batchSize), pairsAStep),
    )
    const values = await this.#updater.step(
      batches.map((batch) => this.#withReference(batch)),
      this.#step + 1,
    )
    this.#step++
    this.#numTokens += batches.reduce((sum, { tokens }) => sum + tokens, 0)
    this.#metrics = { ...values, num_tokens: this.#numTokens }
    if (this.#step % evaluateEverySteps === 0 || this.#step === this.totalSteps) await this.#lookAtHeldOut()
    return this.#metrics
  }

  save(dir: string): Promise<void> {
    const { program, model, checkpoint } = this.#parts
    return saveTraining(dir, {
      ...checkpoint,
      program,
      model,
      role: 'policy',
      step: this.#step,
      metrics: this.#metrics,
      stateNames: this.#updater.stateNames,
      tensors: { reference: Float32Array.from([...this.#reference.values()].flat()) },
      state: { step: this.#step, numTokens: this.#numTokens, finishedEarly: this.#finishedEarly },
    })
  }

  async result(): Promise<Result> {
    // The last step has looked already, unless the stage was resumed after it.
    const seen = this.#metrics.eval_accuracy === undefined ? await this.#heldOut() : this.#metrics
    const { eval_accuracy = null, eval_margin = null } = seen
    return { accuracy: eval_accuracy, margin: eval_margin, judged: this.#decidedHeldOut.length, steps: this.#step }
  }

  close(): void {
    this.#parts.program.close()
  }

  get #decidedHeldOut(): Pair[] {
    return this.#parts.heldOut.filter(({ tie }) => !tie)
  }

  /** A policy that already prefers held-out answers by `targetMargin` gains length and repetition from going on. */
  async #lookAtHeldOut(): Promise<void> {
    const { targetMargin } = this.#parts.settings
    this.#metrics = { ...this.#metrics, ...(await this.#heldOut()) }
    const margin = this.#metrics.eval_margin
    this.#finishedEarly = targetMargin !== undefined && margin !== undefined && margin >= targetMargin
  }

  async #heldOut(): Promise<MetricValues> {
    const pairs = this.#decidedHeldOut
    if (pairs.length === 0) return {}
    const sums = { eval_loss: 0, eval_margin: 0, eval_accuracy: 0 }
    for (const batch of this.#batchesOf(pairs, pairs.length)) {
      const values = await this.#evaluate.run(this.#withReference(batch))
      sums.eval_loss += values.loss.data[0] ?? Number.NaN
      sums.eval_margin += values['rewards/margins'].data[0] ?? Number.NaN
      sums.eval_accuracy += values['rewards/accuracies'].data[0] ?? Number.NaN
    }
    return sums
  }

  /** Keeps the log-probs of pairs under the weights of now, which are the reference's before the first step. */
  async computeReference(pairs: readonly Pair[]): Promise<void> {
    for (const batch of this.#batchesOf(pairs, 1)) {
      const { chosen, rejected } = await this.#logps.run(batch.feeds)
      for (const [i, pair] of batch.pairs.entries()) {
        this.#reference.set(pair, [chosen.data[i] ?? Number.NaN, rejected.data[i] ?? Number.NaN])
      }
    }
  }

  #readReference(values: ArrayLike<number>) {
    for (const [i, pair] of [...this.#parts.pairs, ...this.#parts.heldOut].entries()) {
      this.#reference.set(pair, [values[2 * i] ?? Number.NaN, values[2 * i + 1] ?? Number.NaN])
    }
  }

  #withReference({ pairs, size, feeds }: PairBatch) {
    const side = (which: 0 | 1) => {
      const data = Float32Array.from(
        { length: size },
        (_, i) => this.#reference.get(pairs[i] ?? (pairs[0] as Pair))?.[which] ?? 0,
      )
      return { shape: [size], data }
    }
    return { ...feeds, refChosen: side(0), refRejected: side(1) }
  }

  #batchesOf(pairs: readonly Pair[], denominator: number): PairBatch[] {
    const { batchSize } = this.#parts.settings
    const count = Math.ceil(pairs.length / batchSize)
    return Array.from({ length: count }, (_, i) =>
      this.#batch(pairs.slice(i * batchSize, (i + 1) * batchSize), denominator),
    )
  }

  #batch(pairs: readonly Pair[], denominator: number): PairBatch {
    return pairBatch(pairs, { size: this.#parts.settings.batchSize, rowLength: this.#parts.rowLength, denominator })
  }
}

/** Summed log-probs of both answers under the policy, each (N), and the token accuracy on chosen answers. */
function pairLogps({ model, settings }: DpoParts, variables: Variables, inputs: Inputs<string>) {
  const { ids, positions, segments, lossPositions, targets, weights, sequenceOf } = inputs as BatchInputs &
    Inputs<'sequenceOf'>
  const params = paramsOf(variables, 'policy')
  const hidden = model.hiddenStates(params, { ids, positions }, packedCausalAttention(segments))
  const headWeight = model.headWeight(params)
  const { logps, correct } = languageModelingLoss({ hidden, headWeight, lossPositions, targets, weights })
  const size = settings.batchSize
  const ofChosen = tf.mul(weights, tf.cast(tf.less(sequenceOf, size), 'float32'))
  const [chosen, rejected] = tf.split(sequenceLogps(logps, weights, sequenceOf, 2 * size), [size, size]) as [
    Tensor,
    Tensor,
  ]
  return { chosen, rejected, accuracy: maskedMean(correct, ofChosen) }
}

function loss(parts: DpoParts, variables: Variables, inputs: Inputs<string>) {
  const { refChosen, refRejected, pairWeights, ties, denominator } = inputs as Inputs<
    'refChosen' | 'refRejected' | 'pairWeights' | 'ties' | 'denominator'
  >
  const { chosen, rejected, accuracy } = pairLogps(parts, variables, inputs)
  const { losses, chosenRewards, rejectedRewards } = dpoLoss(
    { chosen, rejected, refChosen, refRejected },
    parts.settings,
  )
  const swapped = dpoLoss(
    { chosen: rejected, rejected: chosen, refChosen: refRejected, refRejected: refChosen },
    parts.settings,
  )
  // A tie trains both orders at half weight.
  const judged = tf.add(tf.mul(losses, tf.sub(1, tf.mul(ties, 0.5))), tf.mul(swapped.losses, tf.mul(ties, 0.5)))
  const mean = (values: Tensor) => tf.div(tf.sum(tf.mul(values, pairWeights)), denominator)
  return {
    loss: mean(judged),
    metrics: {
      'rewards/chosen': mean(chosenRewards),
      'rewards/rejected': mean(rejectedRewards),
      'rewards/margins': mean(tf.sub(chosenRewards, rejectedRewards)),
      'rewards/accuracies': mean(tf.cast(tf.greater(chosenRewards, rejectedRewards), 'float32')),
      'logps/chosen': mean(chosen),
      'logps/rejected': mean(rejected),
      mean_token_accuracy: tf.mul(accuracy, tf.div(tf.sum(pairWeights), denominator)),
    },
  } satisfies LossAndMetrics
}
