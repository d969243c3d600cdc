import { type EngineEvent, type JobResult, TemperError, type TrainingJob } from '@temper/db/contracts'
import type { PromptSamples } from './prompt-samples.ts'

export type MetricValues = Record<string, number>
export type Result = JobResult

/** What a job may use of the world: events out, a stop request in, a clock. */
export interface JobContext {
  emit(event: EngineEvent): void
  stopRequested(): boolean
  nowMs(): number
}

/**
 * One training stage. A step is one optimizer step (ppo, grpo, rloo: one iteration). Everything that decides the next step's numbers
 * is written by `save` and read back by `prepare`; weights themselves are loaded by whoever makes the trainer.
 */
export interface Trainer {
  readonly totalSteps: number
  /** Steps applied so far; set by a resume. */
  readonly step: number
  /** True once a stage ends before its last step. */
  readonly finishedEarly: boolean
  /** Of a policy, where its stage has prompts to show it by. */
  readonly samples?: PromptSamples | undefined
  /** Once, before the first step: makes the optimizer's state, or reads that of a checkpoint of the same stage. */
  prepare(resumeFrom?: string): Promise<void>
  /** Applies step `this.step + 1` and returns its metrics. */
  advance(): Promise<MetricValues>
  save(dir: string): Promise<void>
  /** What the stage is judged by, measured after the last step. */
  result(): Promise<Result>
  close(): void
}

/** What ends work between two steps when the job is asked to stop; the stage goes on from its last checkpoint. */
export function stopped(): TemperError {
  return new TemperError('cancelled', 'the job was asked to stop')
}

/** A crash costs at most about this much work, whatever the recipe says of steps. */
const checkpointMs = 60_000
/** Of the time, at most one part in this many goes into checkpoints that nobody asked for. */
const checkpointShare = 20

/** Runs one segment of a stage: steps, metrics, checkpoints; ends it, pauses it at the segment's limit, or stops. */
export async function runSegment(
  trainer: Trainer,
  job: TrainingJob,
  context: JobContext,
  saved: (dir: string) => void = () => undefined,
): Promise<void> {
  const firstStep = trainer.step
  const startedMs = context.nowMs()
  const { maxSteps = Number.POSITIVE_INFINITY, maxSeconds = Number.POSITIVE_INFINITY } = job.segment
  const over = () => trainer.step >= trainer.totalSteps || trainer.finishedEarly
  let [savedMs, saveMs] = [startedMs, 0]
  if (trainer.step === 0) await showSamples(trainer, over(), context)

  while (!over()) {
    const values = await trainer.advance()
    refuseNonFinite(values, job, trainer.step)
    context.emit({ type: 'metrics', step: trainer.step, values })
    context.emit({ type: 'progress', step: trainer.step, totalSteps: trainer.totalSteps, phase: 'training' })
    // Before the checkpoint: a stage that goes on from there has them already.
    await showSamples(trainer, over(), context)

    const stopped = context.stopRequested()
    const limit = trainer.step - firstStep >= maxSteps || context.nowMs() - startedMs >= maxSeconds * 1000
    const nowMs = context.nowMs()
    const due = nowMs - savedMs >= Math.max(checkpointMs, checkpointShare * saveMs)
    const durable = due || trainer.step % job.settings.checkpointEverySteps === 0
    if (over() || stopped || limit || durable) {
      const dir = `${job.outDir}/step-${trainer.step}`
      await trainer.save(dir)
      saved(dir)
      savedMs = context.nowMs()
      saveMs = savedMs - nowMs
      context.emit({ type: 'checkpoint', step: trainer.step, dir, metrics: values })
    }
    if (!over() && (stopped || limit)) {
      const outcome = stopped ? 'stopped' : 'segment'
      context.emit({ type: 'done', outcome, step: trainer.step, totalSteps: trainer.totalSteps, result: {} })
      return
    }
  }
  const result = await trainer.result()
  context.emit({ type: 'done', outcome: 'finished', step: trainer.step, totalSteps: trainer.step, result })
}

async function showSamples({ samples, step, totalSteps }: Trainer, isLast: boolean, { emit, nowMs }: JobContext) {
  if (samples?.isDue({ step, totalSteps, isLast }, nowMs())) emit(await samples.look(step, nowMs))
}

function refuseNonFinite(values: MetricValues, job: TrainingJob, step: number) {
  for (const [name, value] of Object.entries(values)) {
    if (Number.isFinite(value)) continue
    const message = `${name} is ${value} at step ${step} of ${job.type}: lower learningRate (now ${job.settings.learningRate}) or maxGradNorm; the last checkpoint is unharmed`
    throw new TemperError('non_finite', message, { details: { metric: name, value: String(value), step } })
  }
}
