import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import type { EngineEvent, TrainingJob } from '@temper/db/contracts'
import type { EngineDevice, EngineProcess } from '@temper/pipeline/engine-process'
import type { Moment, Phase } from './kill-moments.ts'

/** What one engine process did of a stage. */
export interface Attempt {
  /** Step of the checkpoint that it went on from; 0 where it began anew. */
  resumedAt: number
  events: EngineEvent[]
  /** Milliseconds from the job's start to each event. */
  timesMs: number[]
  /** How it was killed; undefined where it came to its end. */
  killed?: Killed
}

interface Killed {
  phase: Phase
  /** The kill came while a checkpoint was being written: a part of it is left. */
  halfWritten: boolean
}

interface AttemptOptions {
  resumedAt: number
  kill: Moment | undefined
}

const never = new AbortController().signal

/** Runs a job to its end, or until its engine process is killed at the moment `kill`. Throws what the job throws. */
export async function runAttempt(
  device: EngineDevice,
  job: TrainingJob,
  { resumedAt, kill }: AttemptOptions,
): Promise<Attempt> {
  const attempt: Attempt = { resumedAt, events: [], timesMs: [] }
  const before = await unfinished(job.outDir)
  try {
    await device.use(never, (engine) => runWatched(engine, job, kill, attempt))
    return attempt
  } catch (thrown) {
    if (kill === undefined || attempt.killed === undefined) throw thrown
    attempt.killed.halfWritten = (await unfinished(job.outDir)).some((name) => !before.includes(name))
    return attempt
  }
}

async function runWatched(engine: EngineProcess, job: TrainingJob, kill: Moment | undefined, attempt: Attempt) {
  const startedMs = performance.now()
  let timer: NodeJS.Timeout | undefined
  const killSoon = (moment: Moment) => {
    timer = setTimeout(() => {
      attempt.killed = { phase: moment.phase, halfWritten: false }
      process.kill(engine.pid, 'SIGKILL')
    }, moment.delayMs)
  }
  const onEvent = (event: EngineEvent) => {
    attempt.events.push(event)
    attempt.timesMs.push(performance.now() - startedMs)
    if (event.type === 'done') clearTimeout(timer)
    else if (
      timer === undefined &&
      kill?.after?.type === event.type &&
      'step' in event &&
      event.step === kill.after.step
    )
      killSoon(kill)
  }
  if (kill && kill.after === undefined) killSoon(kill)
  return engine.run(job, { onEvent, signal: never })
}

/** Folders of checkpoints that nobody finished. */
async function unfinished(outDir: string): Promise<string[]> {
  if (!existsSync(outDir)) return []
  return (await readdir(outDir)).filter((name) => name.endsWith('.tmp'))
}
