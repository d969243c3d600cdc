import type { StageOf } from '@temper/db/contracts'
import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { type Feeds, feedData, inputsOf, shapeKey } from '../forward/index.ts'
import {
  accumulate,
  accumulatorVariables,
  learningRateAt,
  optimizerStep,
  optimizerVariables,
  takeAccumulated,
  warmupSteps,
} from '../optim/index.ts'
import { tf } from '../runtime/tf.ts'
import { type CompiledFunction, gradients, type Inputs, type Program, type Variables } from '../tracing/index.ts'

/** The optimizer's part of every training stage's settings. */
export type OptimizerSettings = Pick<
  StageOf<'sft'>,
  | 'learningRate'
  | 'schedule'
  | 'minLearningRateRatio'
  | 'warmupRatio'
  | 'beta1'
  | 'beta2'
  | 'epsilon'
  | 'weightDecay'
  | 'maxGradNorm'
  | 'precision'
>

/**
 * Scalars that add up over the passes of a step: sums over whole-batch denominators. Metrics named `min_…` and `max_…`
 * are combined as their names say.
 */
export interface LossAndMetrics {
  loss: Tensor
  metrics: Record<string, Tensor>
}

export interface UpdaterOptions {
  name: string
  /** Variables that the step trains. */
  trained: readonly string[]
  settings: OptimizerSettings
  /** Optimizer steps of the stage, for the schedule. */
  totalSteps: number
  body(variables: Variables, inputs: Inputs<string>): LossAndMetrics
}

type Kind = 'whole' | 'accumulate' | 'apply'

/**
 * One optimizer step: loss, gradients, clipping, AdamW. A step of one pass is one graph; a step of several adds their
 * gradients up first, which equals the whole batch because `body` divides by its denominators.
 */
export class Updater {
  readonly #program: Program
  readonly #options: UpdaterOptions
  readonly #functions = new Map<string, CompiledFunction<string, string>>()
  #accumulates = false

  constructor(program: Program, options: UpdaterOptions) {
    this.#program = program
    this.#options = options
  }

  /** Names of the moments, which are training state. */
  get stateNames(): string[] {
    return Object.keys(optimizerVariables(this.#shapes()))
  }

  async addVariables(): Promise<void> {
    await this.#program.addVariables(optimizerVariables(this.#shapes()))
  }

  /**
   * `step` counts optimizer steps from 1. Returns the metrics with `loss`, `grad_norm` (before clipping) and
   * `learning_rate`.
   */
  async step(passes: readonly Feeds[], step: number): Promise<Record<string, number>> {
    const learningRate = this.#learningRate(step)
    const rates: Feeds = {
      learningRate: { shape: [], data: Float32Array.of(learningRate) },
      step: { shape: [], data: Float32Array.of(step) },
    }
    const [only, ...more] = passes
    if (only && more.length === 0) {
      return { ...(await this.#run('whole', { ...only, ...rates })), learning_rate: learningRate }
    }
    await this.#prepareAccumulation()
    let totals: Record<string, number> = {}
    for (const feeds of passes) totals = combine(totals, await this.#run('accumulate', feeds))
    return { ...totals, ...(await this.#run('apply', rates)), learning_rate: learningRate }
  }

  #learningRate(step: number): number {
    const { settings, totalSteps } = this.#options
    return learningRateAt(step - 1, {
      ...settings,
      totalSteps,
      warmupSteps: warmupSteps(settings.warmupRatio, totalSteps),
    })
  }

  async #run(kind: Kind, feeds: Feeds): Promise<Record<string, number>> {
    const name = `${this.#options.name}/${kind}/${shapeKey(feeds)}`
    let compiled = this.#functions.get(name)
    if (!compiled) {
      const spec = { inputs: inputsOf(feeds), precision: this.#options.settings.precision }
      compiled = this.#program.define(name, spec, (variables, inputs) => this.#trace(kind, variables, inputs))
      this.#functions.set(name, compiled)
    }
    const outputs = await compiled(feedData(feeds))
    return Object.fromEntries(Object.entries(outputs).map(([key, { data }]) => [key, data[0] ?? Number.NaN]))
  }

  #trace(kind: Kind, variables: Variables, inputs: Inputs<string>): Record<string, Tensor> {
    const { settings, trained } = this.#options
    if (kind === 'apply') {
      return { grad_norm: optimizerStep(variables, takeAccumulated(variables, trained), settings, ratesOf(inputs)) }
    }
    const { loss, metrics, grads } = this.#lossAndGradients(variables, inputs)
    if (kind === 'whole') {
      return { ...metrics, loss, grad_norm: optimizerStep(variables, grads, settings, ratesOf(inputs)) }
    }
    accumulate(variables, grads)
    return { ...metrics, loss }
  }

  #lossAndGradients(variables: Variables, inputs: Inputs<string>) {
    const params = Object.fromEntries(this.#options.trained.map((name) => [name, variables[name] as Tensor]))
    let kept: Record<string, Tensor> = {}
    const { value, grads } = gradients(() => {
      const { loss, metrics } = this.#options.body(variables, inputs)
      // The tape frees what is made inside it; the metrics are wanted outside.
      kept = mapValues(metrics, (metric) => tf.keep(metric))
      return loss
    }, params)
    const metrics = mapValues(kept, (metric) => metric.clone())
    for (const metric of Object.values(kept)) metric.dispose()
    return { loss: value, metrics, grads }
  }

  async #prepareAccumulation(): Promise<void> {
    if (this.#accumulates) return
    await this.#program.addVariables(accumulatorVariables(this.#shapes()))
    this.#accumulates = true
  }

  #shapes(): Record<string, readonly number[]> {
    return Object.fromEntries(this.#options.trained.map((name) => [name, this.#program.shapeOf(name)]))
  }
}

function ratesOf(inputs: Inputs<string>): { learningRate: Tensor; step: Tensor } {
  return { learningRate: inputs.learningRate as Tensor, step: inputs.step as Tensor }
}

function combine(totals: Record<string, number>, values: Record<string, number>): Record<string, number> {
  const combined = { ...totals }
  for (const [name, value] of Object.entries(values)) {
    const total = totals[name]
    if (total === undefined) combined[name] = value
    else if (name.startsWith('min_')) combined[name] = Math.min(total, value)
    else if (name.startsWith('max_')) combined[name] = Math.max(total, value)
    else combined[name] = total + value
  }
  return combined
}

function mapValues<A, B>(record: Record<string, A>, map: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]))
}
