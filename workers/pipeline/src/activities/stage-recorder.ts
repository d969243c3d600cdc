import { readdir, rm } from 'node:fs/promises'
import path from 'node:path'
import type { EngineEvent, StageRun } from '@temper/db/contracts'
import { appendEvent, recordMetrics, type StepMetrics, updateStage } from '@temper/db/queries'
import type { TasteName } from '../simulation/index.ts'
import { type Origin, storeCheckpoint } from './checkpoints.ts'
import type { Dependencies } from './dependencies.ts'
import { headlineOf } from './headline.ts'
import { keepReference } from './reference-cache.ts'
import { storableText } from './storable-text.ts'
import { meanTrueScore } from './true-scores.ts'

type EventOf<T extends EngineEvent['type']> = Extract<EngineEvent, { type: T }>

export interface RecorderOptions {
  origin: Origin
  /** Taste by which samples are scored beside the learned reward. */
  taste?: TasteName | undefined
  /** Under which the log-probs of a dpo stage's reference are kept. */
  referenceKey?: string | undefined
  /** Called once, at the first event that could not be kept: going on would lose it. */
  onFailure: (thrown: unknown) => void
}

/** Metrics and progress are written together, at most this often. */
const flushMs = 500
/** Of a rollout, as many are shown to people; the rest only counts. */
const shownRollouts = 8

/**
 * Keeps what the engine reports, in its order: a checkpoint is registered only after every metric up to it is written,
 * so that a stage resumed from there misses none, and repeats overwrite what they repeat.
 */
export class StageRecorder {
  readonly #deps: Dependencies
  readonly #options: RecorderOptions
  #metrics: StepMetrics[] = []
  #progress: Partial<StageRun> = {}
  #flushTimer: NodeJS.Timeout | undefined
  #queue: Promise<void> = Promise.resolve()
  #failed = false

  constructor(deps: Dependencies, options: RecorderOptions) {
    this.#deps = deps
    this.#options = options
  }

  /** Takes an event and returns at once. */
  take(event: EngineEvent): void {
    if (event.type === 'metrics') {
      this.#metrics.push({ step: event.step, values: event.values })
      this.show({ headline: this.#headline(event.values) })
    }
    if (event.type === 'progress') {
      this.show({ step: event.step, totalSteps: event.totalSteps, status: sentence(event) })
    }
    if (event.type === 'samples') this.#enqueue(() => this.#keepSamples(event))
    if (event.type === 'checkpoint') this.#enqueue(() => this.#keepCheckpoint(event))
    if (event.type === 'reference') this.#enqueue(() => this.#keepReference(event))
  }

  /** Waits until everything taken is kept. Throws what kept an event from being written. */
  async settle(): Promise<void> {
    this.#enqueue(async () => undefined)
    await this.#queue
  }

  /** Where a taste is stated, what it says tells more than the learned reward. */
  #headline(values: Record<string, number>) {
    const { origin, taste } = this.#options
    return taste ? undefined : headlineOf(origin.stageType, values)
  }

  /** Shown with the next batch. Values that are undefined change nothing. */
  show(progress: Partial<StageRun>): void {
    const known = Object.entries(progress).filter(([, value]) => value !== undefined)
    Object.assign(this.#progress, Object.fromEntries(known))
    this.#flushTimer ??= setTimeout(() => this.#enqueue(async () => undefined), flushMs)
  }

  /** Work waits for what came before it, metrics included. After a failure nothing more is written. */
  #enqueue(work: () => Promise<void>): void {
    clearTimeout(this.#flushTimer)
    this.#flushTimer = undefined
    const flush = this.#takeBatch()
    this.#queue = this.#queue.then(async () => {
      await flush()
      await work()
    })
    this.#queue.catch((thrown) => {
      if (!this.#failed) this.#options.onFailure(thrown)
      this.#failed = true
    })
  }

  #takeBatch(): () => Promise<void> {
    const [metrics, progress] = [this.#metrics, this.#progress]
    this.#metrics = []
    this.#progress = {}
    const { runId, stage } = this.#options.origin
    return async () => {
      await recordMetrics(this.#deps.db, runId, stage, metrics)
      if (Object.keys(progress).length > 0) await updateStage(this.#deps.db, runId, stage, progress)
      const last = metrics.at(-1)
      if (last) await this.#say('metrics', `${stage} is at step ${last.step}`, { step: last.step, values: last.values })
    }
  }

  async #keepSamples({ step, source, samples }: EventOf<'samples'>): Promise<void> {
    const { origin, taste } = this.#options
    if (taste && source === 'rollout') {
      const values = { 'objective/true_scores': meanTrueScore(taste, samples) }
      await recordMetrics(this.#deps.db, origin.runId, origin.stage, [{ step, values }])
      this.show({ headline: headlineOf(origin.stageType, values) })
    }
    const shown = (source === 'rollout' ? samples.slice(0, shownRollouts) : samples).map(({ prompt, completion }) => ({
      prompt: storableText(prompt),
      completion: storableText(completion),
    }))
    await this.#say('samples', `Samples at step ${step}`, { step, source, samples: shown }, `samples:${source}:${step}`)
  }

  async #keepCheckpoint({ step, dir, metrics }: EventOf<'checkpoint'>): Promise<void> {
    const { id } = await storeCheckpoint(this.#deps, this.#options.origin, { dir, step, metrics })
    await removeOlder(dir, step)
    await this.#say('checkpoint', `Checkpoint at step ${step}`, { checkpointId: id, step }, `checkpoint:${step}`)
  }

  async #keepReference({ file, pairs, found }: EventOf<'reference'>): Promise<void> {
    const { referenceKey } = this.#options
    if (!found && referenceKey !== undefined) await keepReference(this.#deps, referenceKey, file)
    const where = found ? 'found as an earlier stage left them' : 'computed, and kept for stages to come'
    await this.#say('log', `Log-probs of the reference on ${pairs} pairs: ${where}`, { pairs, found }, 'reference')
  }

  async #say(
    kind: 'metrics' | 'samples' | 'checkpoint' | 'log',
    message: string,
    data: Record<string, unknown>,
    key?: string,
  ) {
    const { runId, stage } = this.#options.origin
    const unique = key === undefined ? {} : { key: `${stage}:${key}` }
    await appendEvent(this.#deps.db, { runId, stage, kind, message, data, ...unique })
  }
}

/** Local copies of older checkpoints go: only the newest is resumed from. Newer ones may still wait to be stored. */
async function removeOlder(dir: string, step: number): Promise<void> {
  const parent = path.dirname(dir)
  const older = (await readdir(parent)).filter((name) => Number(/^step-(\d+)$/.exec(name)?.[1] ?? step) < step)
  for (const name of older) await rm(path.join(parent, name), { recursive: true, force: true })
}

/** `training: step 12 of 100` */
function sentence({ phase, step, totalSteps }: EventOf<'progress'>): string {
  const words = phase.charAt(0).toUpperCase() + phase.slice(1)
  return totalSteps > 0 ? `${words}: step ${step} of ${totalSteps}` : words
}
