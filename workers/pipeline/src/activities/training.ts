import { rm } from 'node:fs/promises'
import path from 'node:path'
import { type Checkpoint, rewardStages, type TemperError, type TrainingJob, toTemperError } from '@temper/db/contracts'
import { appendEvent, getRun, latestCheckpoint, type RunRecord, updateStage } from '@temper/db/queries'
import { Context } from '@temporalio/activity'
import type { JobEnd } from '../engine-process/index.ts'
import type { StageInput } from '../workflows/stage-input.ts'
import type { EngineDependencies } from './dependencies.ts'
import { finishStage } from './finish-stage.ts'
import { checkpointOf, createInputs } from './inputs.ts'
import { nextPassSplit, outOfMemory, withPassSplit } from './pass-split.ts'
import { knownReference, referenceKeyOf } from './reference-cache.ts'
import { resumeFolder } from './resume-folder.ts'
import { runOnDevice } from './run-on-device.ts'
import { StageRecorder } from './stage-recorder.ts'
import { stageOf, trainedOn, trainingJob } from './training-job.ts'

export interface SegmentEnd {
  /**
   * `finished`: the stage is done; `segment`: more is to do; `stopped`: by a pause, for somebody who waits for an
   * answer, or because the worker was told to leave.
   */
  outcome: 'finished' | 'segment' | 'stopped'
  step: number
  /** Set where memory did not hold a pass: into how many to split those of the recipe from now on. */
  passSplit?: number
}

type SegmentInput = StageInput & { maxSeconds: number }

export function createTrainingActivities(deps: EngineDependencies) {
  return {
    /**
     * Trains from the newest durable checkpoint of the stage until it is done, `maxSeconds` have passed, or somebody
     * asks it to stop; ends in a durable checkpoint in any case. What a lost attempt did after its last checkpoint is
     * done again and comes out the same. An engine that dies after a checkpoint ends the segment there: only deaths
     * without progress are counted as attempts.
     */
    async runTrainingSegment(input: SegmentInput): Promise<SegmentEnd> {
      const { runId, stage } = input
      const latest = await latestCheckpoint(deps.db, runId, stage)
      if (latest?.final) return { outcome: 'finished', step: latest.step }
      const end = await segmentOrLoss(deps, input, latest)
      if (end.outcome === 'segment') await updateStage(deps.db, runId, stage, { status: 'Waiting for a worker' })
      return end
    },
  }
}

/** A segment, or what is left of one whose engine died. */
async function segmentOrLoss(
  deps: EngineDependencies,
  input: SegmentInput,
  latest: Checkpoint | undefined,
): Promise<SegmentEnd> {
  const { runId, stage } = input
  try {
    return await runSegment(deps, input, latest)
  } catch (thrown) {
    const reached = await latestCheckpoint(deps.db, runId, stage)
    const died = toTemperError(thrown).code === 'engine_failed'
    // Between two steps of minutes it had no chance to stop by itself.
    const asked = Context.current().cancellationSignal.aborted
    if (died && asked) return { outcome: 'stopped', step: reached?.step ?? 0 }
    if (!died || reached === undefined || reached.step <= (latest?.step ?? 0)) throw thrown
    await sayResumed(deps, reached)
    return { outcome: 'segment', step: reached.step }
  }
}

async function runSegment(
  deps: EngineDependencies,
  input: SegmentInput,
  latest: Checkpoint | undefined,
): Promise<SegmentEnd> {
  const { runId, stage } = input
  const run = await getRun(deps.db, runId)
  if (deps.device.busy) {
    await updateStage(deps.db, runId, stage, { status: 'Waiting for the device, which is at work on something else' })
  }
  const stageDir = path.join(deps.scratchDir, runId, stage)
  const resumeFrom = latest && (await resumeFolder(deps.store, latest, stageDir))
  if (latest && Context.current().info.attempt > 1) await sayResumed(deps, latest)
  const inputs = createInputs(deps, run, input.data)
  const origin = await originOf(deps, run, input)
  const segment = { origin, outDir: stageDir, resumeFrom, maxSeconds: input.maxSeconds }
  const whole = await trainingJob(run, segment, inputs)
  const job = withPassSplit(whole, input.passSplit ?? 1)
  const referenceKey = await referenceKeyOf(deps, run, origin, job)

  const failed = new AbortController()
  const recorder = new StageRecorder(deps, {
    origin,
    taste: 'taste' in job.settings ? job.settings.taste : undefined,
    referenceKey,
    onFailure: () => failed.abort(),
  })
  let end: JobEnd
  try {
    end = await recordWhile(recorder, () =>
      runOnDevice(deps.device, job, {
        onEvent: (event) => recorder.take(event),
        atTurn: () => withReference(deps, job, referenceKey),
        onTurn: () =>
          recorder.show({ status: latest ? `Going on from step ${latest.step}` : 'Loading model and data' }),
        failed: failed.signal,
      }),
    )
  } catch (thrown) {
    if (toTemperError(thrown).code !== 'out_of_memory') throw thrown
    return splitPasses(deps, input, whole, toTemperError(thrown))
  }
  if (end.outcome === 'finished') {
    await finishStage(deps, input, end)
    await rm(stageDir, { recursive: true, force: true })
  }
  return { outcome: end.outcome, step: end.step }
}

/** A segment that ran out of memory ends where its last checkpoint is, for the next one to have passes of fewer rows. */
async function splitPasses(
  deps: EngineDependencies,
  { runId, stage, passSplit = 1 }: SegmentInput,
  job: TrainingJob,
  error: TemperError,
): Promise<SegmentEnd> {
  const next = nextPassSplit(job, passSplit)
  if (next === undefined) throw outOfMemory(stage, withPassSplit(job, passSplit), error)
  const { step = 0 } = (await latestCheckpoint(deps.db, runId, stage)) ?? {}
  const { split, batchSize } = next
  const rows = batchSize === 1 ? '1 row' : `${batchSize} rows`
  const message = `${stage} ran out of memory and goes on from step ${step} with ${rows} a pass and ${split} times as many passes a step: the same rows, and the same numbers`
  const data = { step, batchSize, passSplit: split, cause: error.message }
  await appendEvent(deps.db, { runId, stage, kind: 'resumed', message, data, key: `${stage}:split:${split}` })
  return { outcome: 'segment', step, passSplit: split }
}

/** A dpo stage that begins looks for its reference among what other stages kept; a resumed one has it already. */
async function withReference(deps: EngineDependencies, job: TrainingJob, key: string | undefined) {
  if (job.type !== 'dpo' || key === undefined || job.resumeFrom !== undefined) return job
  return { ...job, referenceLogps: await knownReference(deps, key) }
}

/** Waits for what was reported also after a failure: the next attempt must not find the engine's folders half stored. */
async function recordWhile<T>(recorder: StageRecorder, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } finally {
    await recorder.settle()
  }
}

/** Said where a lost attempt is made up for, not between the segments of a stage that goes well. */
async function sayResumed({ db }: EngineDependencies, { runId, stage, step }: Checkpoint): Promise<void> {
  const { attempt } = Context.current().info
  if (runId === null) return
  await appendEvent(db, {
    runId,
    stage,
    kind: 'resumed',
    message: `${stage} goes on from its checkpoint at step ${step}`,
    data: { step, attempt },
    key: `${stage}:resumed:${Context.current().info.activityId}:${attempt}`,
  })
}

async function originOf(deps: EngineDependencies, run: RunRecord, { stage, data }: StageInput) {
  const spec = stageOf(run, stage)
  const starts = 'from' in spec ? [spec.from] : []
  if ('rewards' in spec) starts.push(...rewardStages(spec.rewards))
  const fresh = starts[0] === 'model' && !('checkpoint' in run.recipe.model)
  const parents = fresh ? [] : await Promise.all(starts.map((name) => checkpointOf(deps, run, name)))
  return { runId: run.id, stage, stageType: spec.type, parents, data: trainedOn(run, stage, data) }
}
