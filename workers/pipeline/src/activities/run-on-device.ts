import { type EngineEvent, type Job, TemperError } from '@temper/db/contracts'
import { Context } from '@temporalio/activity'
import type { DeviceWork, EngineDevice, JobEnd } from '../engine-process/index.ts'
import { heartbeat } from './supervise.ts'

export interface DeviceJobOptions {
  onEvent: (event: EngineEvent) => void
  /** Called when the device is free for the job. */
  onTurn?: () => void
  /** The job as it is by then, where what ran before may have made something that it can use. */
  atTurn?: () => Promise<Job>
  /** Asks the job to stop; the caller knows why. */
  failed?: AbortSignal
}

/**
 * Runs a job on the device of this worker inside an activity. A cancelled activity, or a worker that is told to leave,
 * asks the job to stop; so does `failed`, and a training job also stops for an urgent one.
 */
export async function runOnDevice(device: EngineDevice, job: Job, options: DeviceJobOptions): Promise<JobEnd> {
  const { onEvent, onTurn, atTurn, failed } = options
  const signal = AbortSignal.any([Context.current().cancellationSignal, ...(failed ? [failed] : [])])
  const take = (event: EngineEvent) => {
    if ('step' in event) heartbeat({ step: event.step })
    onEvent(event)
  }
  const work: DeviceWork<JobEnd> = async (engine, makeWay) => {
    onTurn?.()
    return engine.run((await atTurn?.()) ?? job, { onEvent: take, signal, ...('segment' in job && { makeWay }) })
  }
  return device.use(signal, work)
}

/** For jobs that have no checkpoint to stop at: a stopped one has no result. */
export async function runToTheEnd(device: EngineDevice, job: Job, options: DeviceJobOptions): Promise<JobEnd> {
  const end = await runOnDevice(device, job, options)
  if (end.outcome === 'finished') return end
  throw new TemperError('cancelled', `the ${job.type} job was stopped`)
}
