import type { JobOf } from '@temper/db/contracts'
import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { type BatchInputs, ForwardFunction } from '../forward/index.ts'
import { dpoLoss, languageModelingLoss, maskedMean, sequenceLogps } from '../losses/index.ts'
import { type Model, paramsOf, type Role, roleNames } from '../models/index.ts'
import { packedCausalAttention } from '../nn/index.ts'
import { tf } from '../runtime/tf.ts'
import type { Inputs, Program, Variables } from '../tracing/index.ts'
import { dropoutFeeds } from './adapted-role.ts'
import { type PairBatch, type PairData, PairSource } from './pair-source.ts'
import { type Pair, withoutTies } from './pairs.ts'
import type { MetricValues, Result, Trainer } from './trainer.ts'
import { type CheckpointParts, TrainingState } from './training-state.ts'
import { type LossAndMetrics, Updater } from './updater.ts'

export interface DpoParts extends PairData {
  program: Program
  model: Model
  /** Where the program holds its weights; what is the role's own is trained. */
  role: Role
  settings: JobOf<'dpo'>['settings']
  checkpoint: CheckpointParts
}

/**
 * Direct preference optimisation (Rafailov et al., 2023): raises log π(chosen) − log π(rejected) over what the reference
 * says. The reference is the policy before its first step; its log-probs are computed once.
 */
export class DpoTrainer implements Trainer {
  readonly #parts: DpoParts
  readonly #source: PairSource
  readonly #updater: Updater
  readonly #training: TrainingState
  readonly #logps: ForwardFunction<'chosen' | 'rejected'>
  readonly #evaluate: ForwardFunction<'loss' | 'rewards/margins' | 'rewards/accuracies'>
  /** Summed log-probs of a pair's answers under the frozen reference: (chosen, rejected). */
  readonly #reference = new Map<Pair, [number, number]>()
  #numTokens = 0
  #finishedEarly = false

  constructor(parts: DpoParts) {
    const { program, model, role, settings, checkpoint } = parts
    this.#parts = parts
    this.#source = new PairSource(parts, settings)
    const body = (variables: Variables, inputs: Inputs<string>) => loss(parts, variables, inputs)
    this.#updater = new Updater(program, {
      name: 'dpo',
      trained: roleNames(role, model),
      settings,
      totalSteps: this.totalSteps,
      body,
    })
    this.#training = new TrainingState({ program, model, role, checkpoint, updater: this.#updater })
    this.#logps = new ForwardFunction(program, 'logps', settings.precision, (variables, inputs) =>
      pairLogps(parts, variables, inputs),
    )
    this.#evaluate = new ForwardFunction(program, 'evaluate', settings.precision, (variables, inputs) => {
      const { loss, metrics } = body(variables, inputs)
      return {
        loss,
        'rewards/margins': metrics['rewards/margins'],
        'rewards/accuracies': metrics['rewards/accuracies'],
      }
    })
  }

  get totalSteps(): number {
    return this.#source.totalSteps
  }

  get step(): number {
    return this.#training.step
  }

  get finishedEarly(): boolean {
    return this.#finishedEarly
  }

  async prepare(resumeFrom?: string): Promise<void> {
    const resumed = await this.#training.prepare(resumeFrom)
    if (!resumed) return this.computeReference([...this.#parts.pairs, ...this.#parts.heldOut])
    this.#numTokens = Number(resumed.state.numTokens)
    this.#finishedEarly = resumed.state.finishedEarly === true
    this.#readReference(resumed.tensors.reference ?? new Float32Array())
  }

  async advance(): Promise<MetricValues> {
    const step = this.step + 1
    const batches = this.#source.batchesOf(step)
    const passes = batches.map((batch, pass) => ({
      ...batch,
      feeds: { ...this.#withReference(batch), ...dropoutFeeds(this.#parts.role, step, pass) },
    }))
    const values = await this.#updater.step(passes, step)
    this.#numTokens += batches.reduce((sum, { tokens }) => sum + tokens, 0)
    this.#training.step = step
    this.#training.metrics = { ...values, num_tokens: this.#numTokens }
    const { evaluateEverySteps } = this.#parts.settings
    if (step % evaluateEverySteps === 0 || step === this.totalSteps) await this.#lookAtHeldOut()
    return this.#training.metrics
  }

  save(dir: string): Promise<void> {
    return this.#training.save(dir, {
      tensors: { reference: Float32Array.from([...this.#reference.values()].flat()) },
      state: { numTokens: this.#numTokens, finishedEarly: this.#finishedEarly },
    })
  }

  async result(): Promise<Result> {
    const { metrics } = this.#training
    // The last step has looked already, unless the stage was resumed after it.
    const seen = metrics.eval_accuracy === undefined ? await this.#heldOut() : metrics
    const { eval_accuracy = null, eval_margin = null } = seen
    const judged = withoutTies(this.#parts.heldOut).length
    return { accuracy: eval_accuracy, margin: eval_margin, judged, steps: this.step }
  }

  close(): void {
    this.#parts.program.close()
  }

  /** A policy that already prefers held-out answers by `targetMargin` gains length and repetition from going on. */
  async #lookAtHeldOut(): Promise<void> {
    const { targetMargin } = this.#parts.settings
    const seen = await this.#heldOut()
    this.#training.metrics = { ...this.#training.metrics, ...seen }
    const margin = seen.eval_margin
    this.#finishedEarly = targetMargin !== undefined && margin !== undefined && margin >= targetMargin
  }

  async #heldOut(): Promise<MetricValues> {
    const pairs = withoutTies(this.#parts.heldOut)
    if (pairs.length === 0) return {}
    const sums = { eval_loss: 0, eval_margin: 0, eval_accuracy: 0 }
    for (const batch of this.#source.cover(pairs, pairs.length)) {
      const values = await this.#evaluate.run(this.#withReference(batch))
      sums.eval_loss += values.loss.data[0] ?? Number.NaN
      sums.eval_margin += values['rewards/margins'].data[0] ?? Number.NaN
      sums.eval_accuracy += values['rewards/accuracies'].data[0] ?? Number.NaN
    }
    return sums
  }

  /** Keeps the log-probs of pairs under the weights of now, which are the reference's before the first step. */
  async computeReference(pairs: readonly Pair[]): Promise<void> {
    const measured = await this.#source.measure(pairs, this.#logps)
    for (const { pair, chosen, rejected } of measured) this.#reference.set(pair, [chosen, rejected])
  }

  #readReference(values: ArrayLike<number>) {
    for (const [i, pair] of [...this.#parts.pairs, ...this.#parts.heldOut].entries()) {
      this.#reference.set(pair, [values[2 * i] ?? Number.NaN, values[2 * i + 1] ?? Number.NaN])
    }
  }

  #withReference({ pairs, feeds }: PairBatch) {
    const size = this.#parts.settings.batchSize
    const side = (which: 0 | 1) => {
      const data = Float32Array.from(
        { length: size },
        (_, i) => this.#reference.get(pairs[i] ?? (pairs[0] as Pair))?.[which] ?? 0,
      )
      return { shape: [size], data }
    }
    return { ...feeds, refChosen: side(0), refRejected: side(1) }
  }
}

/** Summed log-probs and tokens of both answers under the policy, each (N), and the token accuracy on chosen ones. */
function pairLogps({ model, role, settings }: DpoParts, variables: Variables, inputs: Inputs<string>) {
  const { ids, positions, segments, parents, ...losses } = inputs as BatchInputs & Inputs<'sequenceOf'>
  const { lossPositions, targets, weights, sequenceOf } = losses
  const params = paramsOf(variables, role, inputs.dropoutSeed)
  const hidden = model.hiddenStates(params, { ids, positions }, packedCausalAttention({ segments, positions, parents }))
  const headWeight = model.headWeight(params)
  const { logps, correct } = languageModelingLoss({ hidden, headWeight, lossPositions, targets, weights })
  const size = settings.batchSize
  const ofChosen = tf.mul(weights, tf.cast(tf.less(sequenceOf, size), 'float32'))
  const sidesOf = (values: Tensor) =>
    tf.split(sequenceLogps(values, weights, sequenceOf, 2 * size), [size, size]) as [Tensor, Tensor]
  const [chosen, rejected] = sidesOf(logps)
  const [chosenTokens, rejectedTokens] = sidesOf(tf.onesLike(logps))
  return { chosen, rejected, chosenTokens, rejectedTokens, accuracy: maskedMean(correct, ofChosen) }
}

function loss(parts: DpoParts, variables: Variables, inputs: Inputs<string>) {
  const { refChosen, refRejected, pairWeights, ties, denominator } = inputs as Inputs<
    'refChosen' | 'refRejected' | 'pairWeights' | 'ties' | 'denominator'
  >
  const { accuracy, ...logps } = pairLogps(parts, variables, inputs)
  const chosen = { policy: logps.chosen, reference: refChosen, tokens: logps.chosenTokens }
  const rejected = { policy: logps.rejected, reference: refRejected, tokens: logps.rejectedTokens }
  const { losses, chosenRewards, rejectedRewards } = dpoLoss({ chosen, rejected }, parts.settings)
  const swapped = dpoLoss({ chosen: rejected, rejected: chosen }, parts.settings)
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
      'logps/chosen': mean(chosen.policy),
      'logps/rejected': mean(rejected.policy),
      mean_token_accuracy: tf.mul(accuracy, tf.div(tf.sum(pairWeights), denominator)),
    },
  } satisfies LossAndMetrics
}
