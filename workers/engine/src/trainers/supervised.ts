import type { PackedBatch } from '../data/index.ts'
import { type BatchInputs, batchFeeds, ForwardFunction } from '../forward/index.ts'
import { languageModelingLoss } from '../losses/index.ts'
import {
  activeParameters,
  hasAdapters,
  isAdapted,
  type Model,
  paramsOf,
  type Role,
  type Routing,
  roleNames,
} from '../models/index.ts'
import { packedCausalAttention } from '../nn/index.ts'
import { trainingFlops } from '../planning/index.ts'
import { tf } from '../runtime/tf.ts'
import { type Inputs, type Program, productPeak, type Variables } from '../tracing/index.ts'
import { dropoutFeeds } from './adapted-role.ts'
import { BestWeights } from './best-weights.ts'
import type { MethodSettings, PromptSamples } from './prompt-samples.ts'
import { routerLossCoef, withRouterLoss } from './router-loss.ts'
import type { MetricValues, Result, Trainer } from './trainer.ts'
import { type CheckpointParts, TrainingState } from './training-state.ts'
import { type LossAndMetrics, Updater } from './updater.ts'

/** Which batches a stage trains on; a pure function of the step, so that a resume needs no cursor. */
export interface SupervisedPlan {
  totalSteps: number
  /** Batches of optimizer step `step` (from 1), one a pass. */
  batches(step: number): PackedBatch[]
  validation?: { everySteps: number; batches: PackedBatch[] }
}

export interface SupervisedParts extends SupervisedPlan {
  program: Program
  model: Model
  /** Where the program holds its weights; what is the role's own is trained. */
  role: Role
  settings: Omit<MethodSettings<'sft'>, 'epochs' | 'maxLength' | 'packing' | 'lossOn' | 'validateEverySteps'>
  checkpoint: CheckpointParts
  samples?: PromptSamples
  nowMs(): number
}

/**
 * Next-token training, on whole documents (pretrain) or on the assistant's tokens (sft):
 * loss = − Σ log p(target) / number of trained tokens of the whole step, and for a model with experts the balancing loss
 * of its routers, times its coefficient, a mean over the passes of the step. With held-out data the stage may stop early, and
 * leave the weights that did best on it.
 */
export class SupervisedTrainer implements Trainer {
  readonly samples: PromptSamples | undefined
  readonly #parts: SupervisedParts
  readonly #updater: Updater
  readonly #training: TrainingState
  readonly #validation: ForwardFunction<'loss'>
  readonly #auxCoef: number
  readonly #best: BestWeights
  #numTokens = 0
  readonly #flopsPerToken: number
  /** Of this device, operations a second. */
  #peak = Number.NaN

  constructor(parts: SupervisedParts) {
    const { program, model, role, settings, checkpoint } = parts
    this.#parts = parts
    this.samples = parts.samples
    this.#auxCoef = routerLossCoef(model, settings.routerAuxLossCoef)
    this.#flopsPerToken = flopsPerToken(parts)
    const body = (variables: Variables, inputs: Inputs<string>) => {
      const routings: Routing[] = []
      const language = loss(parts, variables, inputs, routings)
      return withRouterLoss(language, routings, inputs as Inputs<'segments' | 'passes'>, this.#auxCoef)
    }
    const trained = roleNames(role, model)
    this.#updater = new Updater(program, { name: 'supervised', trained, settings, totalSteps: parts.totalSteps, body })
    this.#training = new TrainingState({ program, model, role, checkpoint, updater: this.#updater })
    const { patience, keep } = settings
    this.#best = new BestWeights(program, { patience, names: keep === 'best' ? trained : [] })
    this.#validation = new ForwardFunction(program, 'validate', settings.precision, (variables, inputs) => ({
      loss: loss(parts, variables, inputs).loss,
    }))
  }

  get totalSteps(): number {
    return this.#parts.totalSteps
  }

  get step(): number {
    return this.#training.step
  }

  get finishedEarly(): boolean {
    return this.#best.exhausted
  }

  async prepare(resumeFrom?: string): Promise<void> {
    this.#peak = await productPeak(this.#parts.settings.precision)
    const resumed = await this.#training.prepare(resumeFrom)
    if (!resumed) return
    this.#numTokens = Number(resumed.state.numTokens)
    this.#best.restore(resumed)
  }

  async advance(): Promise<MetricValues> {
    const { role, nowMs } = this.#parts
    const step = this.step + 1
    const batches = this.#parts.batches(step)
    const denominator = sum(batches, ({ lossTokens }) => lossTokens)
    const startedMs = nowMs()
    const passes = batches.map((batch, pass) => ({
      feeds: { ...batchFeeds(batch, { denominator, passes: batches.length }), ...dropoutFeeds(role, step, pass) },
      dataRows: batch.dataRows,
    }))
    const values = await this.#updater.step(passes, step)
    const seconds = (nowMs() - startedMs) / 1000
    const tokens = sum(batches, (batch) => batch.tokens)

    this.#numTokens += tokens
    this.#training.step = step
    const metrics = {
      ...values,
      ...(values.loss !== undefined && {
        perplexity: Math.exp(values.loss - this.#auxCoef * (values.router_aux_loss ?? 0)),
      }),
      num_tokens: this.#numTokens,
      tokens_per_second: tokens / seconds,
      mfu: (this.#flopsPerToken * tokens) / seconds / this.#peak,
      ...(await this.#lookAtHeldOut()),
    }
    this.#training.metrics = metrics
    if (step === this.totalSteps || this.finishedEarly) await this.#keepBest()
    return metrics
  }

  save(dir: string): Promise<void> {
    const { state, tensors } = this.#best.kept
    return this.#training.save(dir, { tensors, state: { numTokens: this.#numTokens, ...state } })
  }

  async result(): Promise<Result> {
    const { loss = null, val_loss = null } = this.#training.metrics
    const { found } = this.#best
    const best = found && { best_step: found.step, best_val_loss: found.loss }
    return { loss, val_loss, num_tokens: this.#numTokens, steps: this.step, ...best }
  }

  close(): void {
    this.#parts.program.close()
  }

  /** Once, after the last step: a checkpoint of the way holds the weights of its step, and the best beside them. */
  async #keepBest(): Promise<void> {
    const { found } = this.#best
    if (this.#parts.settings.keep === 'last' || found === undefined) return
    await this.#best.takeBack()
    this.#training.metrics = { ...this.#training.metrics, val_loss: found.loss }
  }

  async #lookAtHeldOut(): Promise<MetricValues> {
    const { validation } = this.#parts
    const due = validation && (this.step % validation.everySteps === 0 || this.step === this.totalSteps)
    if (!due) return {}
    let total = 0
    for (const batch of validation.batches) {
      const { loss } = await this.#validation.run(batchFeeds(batch, { denominator: 1, passes: 1 }))
      total += loss.data[0] ?? Number.NaN
    }
    const val_loss = total / sum(validation.batches, ({ lossTokens }) => lossTokens)
    await this.#best.look(this.step, val_loss)
    return { val_loss }
  }
}

function loss(
  { model, role }: Pick<SupervisedParts, 'model' | 'role'>,
  variables: Variables,
  inputs: Inputs<string>,
  routings?: Routing[],
): LossAndMetrics {
  const { ids, positions, segments, lossPositions, targets, weights, denominator, passes } = inputs as BatchInputs &
    Inputs<'denominator' | 'passes'>
  const params = paramsOf(variables, role, inputs.dropoutSeed)
  const hidden = model.hiddenStates(
    params,
    { ids, positions, at: lossPositions },
    packedCausalAttention({ segments, positions }),
    routings,
  )
  const headWeight = model.headWeight(params)
  const scored = { hidden, headWeight, targets, weights }
  const sums = languageModelingLoss(scored, { frozenHead: hasAdapters(params) })
  // The loss has the denominator of the whole step; these two are means of each pass's mean, as TRL logs them.
  const passShare = tf.mul(tf.maximum(sums.denominator, 1), passes)
  return {
    loss: tf.div(sums.lossSum, denominator),
    metrics: {
      mean_token_accuracy: tf.div(sums.correctSum, passShare),
      entropy: tf.div(sums.entropySum, passShare),
    },
  }
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0)
}

/** Of forward and backward pass; without the gradients of weights where adapters stand over frozen ones. */
function flopsPerToken({ model, role }: SupervisedParts): number {
  const flops = trainingFlops({ parameters: activeParameters(model), tokens: 1 })
  return isAdapted(role) ? (flops * 2) / 3 : flops
}
