import { rm } from 'node:fs/promises'
import type { CheckpointFile, EngineEvent, TrainingJob } from '@temper/db/contracts'
import { type ArtifactStore, putFolder } from '@temper/db/storage'
import type { EngineDevice } from '@temper/pipeline/engine-process'
import { resumeFolder } from '@temper/pipeline/resume-folder'
import type { Moment } from './kill-moments.ts'
import { type Attempt, runAttempt } from './run-attempt.ts'

/** Where a stage runs, and what outlives its engine processes. */
export interface Place {
  device: EngineDevice
  store: ArtifactStore
}

/** A stage from its first step to its end. */
export interface StageRun {
  /** One, and one more for every kill. */
  attempts: Attempt[]
  /** Of the last checkpoint. */
  files: CheckpointFile[]
}

/** How the next attempt is disturbed. */
export interface Disturbance {
  /** When its engine is killed; never where undefined. */
  kill?: Moment | undefined
  /** It runs where no folder of an earlier attempt is left: its checkpoint comes out of the store. */
  elsewhere?: boolean
}

interface Durable {
  step: number
  files: CheckpointFile[]
}

/**
 * Runs a stage to its end; each attempt goes on from the newest checkpoint that the ones before reported, as the
 * pipeline's activity does. What is kept of an attempt is kept as there: a checkpoint counts once it is in the store.
 */
export async function runStage(
  { device, store }: Place,
  job: TrainingJob,
  disturb: (resumedAt: number) => Disturbance = () => ({}),
): Promise<StageRun> {
  const attempts: Attempt[] = []
  let latest: Durable | undefined
  for (;;) {
    const resumedAt: number = latest?.step ?? 0
    const { kill, elsewhere = false } = disturb(resumedAt)
    if (elsewhere) await rm(job.outDir, { recursive: true, force: true })
    const resumeFrom = latest && (await resumeFolder(store, latest, job.outDir))
    const attempt = await runAttempt(device, { ...job, resumeFrom }, { resumedAt, kill })
    attempts.push(attempt)
    latest = (await storeNewest(store, attempt.events)) ?? latest
    if (attempt.killed === undefined) return { attempts, files: latest?.files ?? [] }
  }
}

async function storeNewest(store: ArtifactStore, events: readonly EngineEvent[]): Promise<Durable | undefined> {
  const newest = events.findLast((event) => event.type === 'checkpoint')
  return newest && { step: newest.step, files: await putFolder(store, newest.dir) }
}
