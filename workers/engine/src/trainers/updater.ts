import type { StageOf } from '@temper/db/contracts'
import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { type Feeds, feedData, inputsOf, shapeKey } from '../forward/index.ts'
import {
  accumulate,
  accumulatorVariables,
  learningRateAt,
  lossScaling,
  type StepInputs,
  takeAccumulated,
  warmupSteps,
} from '../optim/index.ts'
import type {
  CompiledFunction,
  InputSpec,
  Inputs,
  Output,
  PausingFunction,
  Program,
  Variables,
} from '../tracing/index.ts'
import { type Pass, type PassLoss, refusedStep } from './refused-step.ts'
import { applyGradients, lossAndGradients, stateVariables } from './update-graph.ts'

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
  | 'gradientCheckpointing'
>

/**
 * Scalars that add up over the passes of a step: sums over whole-batch denominators. Metrics named `min_…` and `max_…`
 * are combined as their names say.
 */
export interface LossAndMetrics {
  loss: Tensor
  metrics: Record<string, Tensor>
  /** Of any shape: what a step that is begun hands back before it knows all that its loss needs. */
  early?: Record<string, Tensor>
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

type Kind = 'whole' | 'pausing' | 'accumulate' | 'apply'

/** Where a step that is begun waits: for the inputs `late`, with the outputs `early` of its body. */
export interface UpdatePause {
  late: Record<string, InputSpec>
  early: readonly string[]
}

/** A step that waits for what its loss is still missing. */
export interface BegunStep {
  early: Record<string, Output>
  /** Feeds the late inputs; what comes back, or is thrown, is that of `step`. */
  finish(late: Feeds): Promise<Record<string, number>>
}

interface StepResult {
  applied: boolean
  values: Record<string, number>
  losses: PassLoss[]
}

/**
 * One optimizer step: loss, gradients, clipping, AdamW, in fp16 on a scaled loss. Weights and moments are fp32, and
 * change only where loss and gradients are finite. A step of one pass is one graph; a step of several adds their
 * gradients up first, which equals the whole batch because `body` divides by its denominators.
 */
export class Updater {
  readonly #program: Program
  readonly #options: UpdaterOptions
  readonly #functions = new Map<string, CompiledFunction<string, string>>()
  readonly #pausing = new Map<string, PausingFunction<string>>()
  #accumulates = false

  constructor(program: Program, options: UpdaterOptions) {
    this.#program = program
    this.#options = options
  }

  /** Names of the moments, and of the loss scale where there is one: training state. */
  get stateNames(): string[] {
    return Object.keys(stateVariables(this.#shapes(), this.#options.settings))
  }

  async addVariables(): Promise<void> {
    const { trained, settings } = this.#options
    await this.#program.addVariables(stateVariables(this.#shapes(), settings))
    if (settings.precision === 'bf16') await this.#program.keepRounded(trained)
  }

  /**
   * `step` counts optimizer steps from 1. Returns the metrics with `loss`, `grad_norm` (before clipping) and
   * `learning_rate`. In fp16 a step whose gradients overflow is skipped: of its metrics the finite ones are left.
   * @throws TemperError non_finite, with the rows of the data, where loss or gradients are not finite: nothing was
   *   applied then
   */
  async step(passes: readonly Pass[], step: number): Promise<Record<string, number>> {
    const rates = this.#rates(step)
    const [only, ...more] = passes
    const result =
      only && more.length === 0 ? await this.#stepOfOne(only, rates) : await this.#stepOfMany(passes, rates)
    return this.#metricsOf(result, step)
  }

  /**
   * A step of one pass whose loss needs what is made of the pass itself, such as advantages of its log-probs: computed
   * once, they are handed back, and the step goes on from there.
   * @param pause - inputs that are missing yet, and outputs of `body` wanted before
   */
  async begin({ feeds, dataRows }: Pass, pause: UpdatePause, step: number): Promise<BegunStep> {
    const given = { ...feeds, ...this.#rates(step) }
    const call = await this.#pausingFunction(given, pause)(feedData(given))
    const finish = async (rest: Feeds) =>
      this.#metricsOf(resultOfOne(scalarsOf(await call.finish(feedData(rest))), dataRows), step)
    return { early: call.early, finish }
  }

  #metricsOf({ applied, values, losses }: StepResult, step: number): Record<string, number> {
    const learningRate = this.#learningRate(step)
    if (applied) return { ...values, learning_rate: learningRate }
    const { loss_scale: scale = 0 } = values
    if (scale < lossScaling.least) throw this.#refused(step, values, losses)
    return { ...onlyFinite(values), learning_rate: learningRate }
  }

  async #stepOfOne({ feeds, dataRows }: Pass, rates: Feeds): Promise<StepResult> {
    return resultOfOne(await this.#run('whole', { ...feeds, ...rates }), dataRows)
  }

  async #stepOfMany(passes: readonly Pass[], rates: Feeds): Promise<StepResult> {
    await this.#prepareAccumulation()
    let totals: Record<string, number> = {}
    const losses: PassLoss[] = []
    for (const { feeds, dataRows } of passes) {
      const values = await this.#run('accumulate', feeds)
      totals = combine(totals, values)
      losses.push({ dataRows, loss: values.loss ?? Number.NaN })
    }
    const { applied, ...values } = await this.#run('apply', { ...rates, loss: scalarFeed(totals.loss ?? Number.NaN) })
    return { applied: applied === 1, values: { ...totals, ...values }, losses }
  }

  #refused(step: number, values: Record<string, number>, passes: readonly PassLoss[]) {
    const { learningRate, maxGradNorm } = this.#options.settings
    const { grad_norm: gradNorm = Number.NaN, loss_scale: scale } = values
    const change = `look at these rows, or lower learningRate (now ${learningRate}) or maxGradNorm (now ${maxGradNorm})`
    const advice =
      scale === undefined
        ? change
        : `the loss scale fell to ${scale}, below ${lossScaling.least}, and numbers still overflow fp16: use precision bf16 or fp32, or ${change}`
    return refusedStep({ step, gradNorm, passes }, advice)
  }

  #rates(step: number): Feeds {
    return { learningRate: scalarFeed(this.#learningRate(step)), step: scalarFeed(step) }
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
    return scalarsOf(await compiled(feedData(feeds)))
  }

  #pausingFunction(given: Feeds, { late, early }: UpdatePause): PausingFunction<string> {
    const name = `${this.#options.name}/pausing/${shapeKey(given)}`
    const spec = { inputs: { ...inputsOf(given), ...late }, precision: this.#options.settings.precision }
    const pause = { early, late: Object.keys(late) }
    const define = () => this.#program.definePausing(name, spec, pause, (v, x) => this.#trace('pausing', v, x))
    const pausing = this.#pausing.get(name) ?? define()
    this.#pausing.set(name, pausing)
    return pausing
  }

  #trace(kind: Kind, variables: Variables, inputs: Inputs<string>): Record<string, Tensor> {
    const { settings, trained } = this.#options
    const scalars = inputs as StepInputs
    if (kind === 'apply') return applyGradients(variables, takeAccumulated(variables, trained), settings, scalars)
    const { metrics, early, grads } = lossAndGradients(this.#options, variables, inputs)
    if (kind === 'accumulate') {
      accumulate(variables, grads)
      return metrics
    }
    const applied = applyGradients(variables, grads, settings, { ...scalars, loss: metrics.loss })
    return { ...(kind === 'pausing' && early), ...metrics, ...applied }
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

function scalarFeed(value: number): Feeds[string] {
  return { shape: [], data: Float32Array.of(value) }
}

function scalarsOf(outputs: Record<string, Output>): Record<string, number> {
  return Object.fromEntries(Object.entries(outputs).map(([key, { data }]) => [key, data[0] ?? Number.NaN]))
}

function resultOfOne({ applied, ...values }: Record<string, number>, dataRows: readonly number[]): StepResult {
  return { applied: applied === 1, values, losses: [{ dataRows, loss: values.loss ?? Number.NaN }] }
}

/** A skipped step has no gradient norm, perhaps no loss. */
function onlyFinite(values: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => Number.isFinite(value)))
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
