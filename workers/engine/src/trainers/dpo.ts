import { referenceFreeLosses } from '@temper/db/contracts'
import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { type Feeds, ForwardFunction } from '../forward/index.ts'
import { type Model, type Role, roleNames } from '../models/index.ts'
import type { Inputs, Program, Variables } from '../tracing/index.ts'
import { dropoutFeeds } from './adapted-role.ts'
import { countAnswers, withoutAbsent } from './answer-counts.ts'
import { pairLogps } from './pair-logps.ts'
import { type PairBatch, type PairData, PairSource } from './pair-source.ts'
import { type Pair, withoutTies, withoutUndecided } from './pairs.ts'
import { answerLoss, pairLoss, pairMargins } from './preference-body.ts'
import type { MethodSettings, PromptSamples } from './prompt-samples.ts'
import { type ReferenceCache, ReferenceLogps } from './reference-logps.ts'
import type { MetricValues, Result, Trainer } from './trainer.ts'
import { type CheckpointParts, TrainingState } from './training-state.ts'
import { Updater } from './updater.ts'

/** For the loss kto, `pairs` are single answers (`judgedAnswers`); `heldOut` are pairs in any case. */
export interface DpoParts extends PairData {
  program: Program
  model: Model
  /** Where the program holds its weights; what is the role's own is trained. */
  role: Role
  settings: MethodSettings<'dpo'>
  checkpoint: CheckpointParts
  /** The log-probs of the reference are computed and kept in memory alone unless set. */
  referenceCache?: ReferenceCache
  samples?: PromptSamples
}

/**
 * Direct preference optimisation (Rafailov et al., 2023) and its kin: raises log π(chosen) − log π(rejected) over what
 * the reference says. The reference is the policy before its first step; its log-probs are computed once, and not at all
 * for a loss that needs none.
 */
export class DpoTrainer implements Trainer {
  readonly samples: PromptSamples | undefined
  readonly #parts: DpoParts
  readonly #source: PairSource
  readonly #updater: Updater
  readonly #training: TrainingState
  readonly #logps: ForwardFunction<'chosen' | 'rejected'>
  readonly #evaluate: ForwardFunction<string>
  /** Undefined for a loss without one. */
  readonly #reference: ReferenceLogps | undefined
  #numTokens = 0
  #finishedEarly = false

  constructor(parts: DpoParts) {
    const { program, model, role, settings, checkpoint } = parts
    this.#parts = parts
    this.samples = parts.samples
    this.#source = new PairSource(parts, settings, 'log-probs')
    const free = referenceFreeLosses.some((name) => name === settings.loss)
    this.#reference = free ? undefined : new ReferenceLogps([...parts.pairs, ...parts.heldOut])
    const body = settings.loss === 'kto' ? answerLoss : pairLoss
    this.#updater = new Updater(program, {
      name: 'dpo',
      trained: roleNames(role, model),
      settings,
      totalSteps: this.totalSteps,
      body: (variables, inputs) => body(parts, variables, inputs),
    })
    this.#training = new TrainingState({ program, model, role, checkpoint, updater: this.#updater })
    this.#logps = new ForwardFunction(program, 'logps', settings.precision, (variables, inputs) =>
      pairLogps(parts, variables, inputs),
    )
    this.#evaluate = new ForwardFunction(program, 'evaluate', settings.precision, (variables, inputs) =>
      evaluation(parts, variables, inputs),
    )
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
    if (!resumed) return this.#findReference()
    this.#numTokens = Number(resumed.state.numTokens)
    this.#finishedEarly = resumed.state.finishedEarly === true
    if (this.#reference) this.#reference.values = resumed.tensors.reference ?? []
  }

  async advance(): Promise<MetricValues> {
    const step = this.step + 1
    const batches = this.#source.batchesOf(step)
    const counts = this.#parts.settings.loss === 'kto' ? countAnswers(batches) : undefined
    const passes = batches.map((batch, pass) => ({
      ...batch,
      feeds: { ...this.#withReference(batch), ...counts?.feeds, ...dropoutFeeds(this.#parts.role, step, pass) },
    }))
    const measured = await this.#updater.step(passes, step)
    const values = counts ? withoutAbsent(measured, counts) : withoutUndecided(measured, batches.flatMap(({ pairs }) => pairs)) // biome-ignore format: one line
    this.#numTokens += batches.reduce((sum, { tokens }) => sum + tokens, 0)
    this.#training.step = step
    this.#training.metrics = { ...values, num_tokens: this.#numTokens }
    const { evaluateEverySteps } = this.#parts.settings
    if (step % evaluateEverySteps === 0 || step === this.totalSteps) await this.#lookAtHeldOut()
    return this.#training.metrics
  }

  save(dir: string): Promise<void> {
    return this.#training.save(dir, {
      tensors: this.#reference ? { reference: this.#reference.values } : {},
      state: { numTokens: this.#numTokens, finishedEarly: this.#finishedEarly },
    })
  }

  async result(): Promise<Result> {
    const { eval_accuracy = null, eval_margin = null } = this.#training.metrics
    const judged = withoutTies(this.#parts.heldOut).length
    return { accuracy: eval_accuracy, margin: eval_margin, judged, steps: this.step, ...this.#parts.counts }
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
    const sums: MetricValues = {}
    for (const batch of this.#source.cover(pairs, pairs.length, 'held-out pairs')) {
      const values = await this.#evaluate.run(this.#withReference(batch))
      for (const [name, { data }] of Object.entries(values)) sums[name] = (sums[name] ?? 0) + (data[0] ?? Number.NaN)
    }
    return sums
  }

  async #findReference(): Promise<void> {
    const { referenceCache } = this.#parts
    if (!referenceCache) return this.computeReference()
    await this.#reference?.find(referenceCache, () => this.computeReference())
  }

  /** Of some pairs, or all, under the weights of now: the reference's, before the first step. */
  async computeReference(pairs?: readonly Pair[]): Promise<void> {
    await this.#reference?.compute(this.#source, this.#logps, pairs)
  }

  #withReference(batch: PairBatch): Feeds {
    const { batchSize } = this.#parts.settings
    return { ...batch.feeds, ...(this.#reference?.feeds(batch, batchSize) ?? noReference(batchSize)) }
  }
}

/** What held-out pairs are looked at by; sums over batches are means over pairs. */
function evaluation(parts: DpoParts, variables: Variables, inputs: Inputs<string>): Record<string, Tensor> {
  if (parts.settings.loss === 'kto') return pairMargins(parts, variables, inputs)
  const { loss, metrics } = pairLoss(parts, variables, inputs)
  return { eval_loss: loss, eval_margin: metrics['rewards/margins'], eval_accuracy: metrics['rewards/accuracies'] }
}

function noReference(size: number): Feeds {
  const zeros = { shape: [size], data: new Float32Array(size) }
  return { refChosen: zeros, refRejected: zeros }
}
