import { type EngineEvent, type Job, TemperError } from '@temper/db/contracts'
import { Context } from '@temporalio/activity'
import type { EngineDevice, JobEnd } from '../engine-process/index.ts'
import { heartbeat } from './failure.ts'

/**
 * Runs a job on the device of this worker inside an activity. A cancelled activity, or a worker that is told to leave,
 * asks the job to stop; so does `failed`, whose reason the caller knows.
 */
export async function runOnDevice(
  device: EngineDevice,
  job: Job,
  onEvent: (event: EngineEvent) => void,
  failed: AbortSignal = new AbortController().signal,
): Promise<JobEnd> {
  const signal = AbortSignal.any([Context.current().cancellationSignal, failed])
  const take = (event: EngineEvent) => {
    if ('step' in event) heartbeat({ step: event.step })
    onEvent(event)
  }
  return device.use(signal, (engine) => engine.run(job, { onEvent: take, signal }))
}

/** For jobs that have no checkpoint to stop at: a stopped one has no result. */
export async function runToTheEnd(
  device: EngineDevice,
  job: Job,
  onEvent: (event: EngineEvent) => void,
): Promise<JobEnd> {
  const end = await runOnDevice(device, job, onEvent)
  if (end.outcome === 'finished') return end
  throw new TemperError('cancelled', `the ${job.type} job was stopped`)
}
