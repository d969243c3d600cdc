import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { EngineWorkerProcess } from './engine-worker-process.ts'

export interface ScalerOptions {
  devices: string[]
  idleSeconds: number
  /** Jobs that wait for a worker. */
  backlog: () => Promise<number>
  startWorker: (device: string) => EngineWorkerProcess
  log: Logger
}

const lookMs = 1_000
/** A worker that dies at its start is tried again after this, twice as long each time. */
const firstRestartMs = 1_000
const longestRestartMs = 60_000

/**
 * Starts an engine worker on a free device while jobs wait, and ends one that has had nothing to do for a while: engine
 * workers exist only while there is work. Runs until `signal`, then ends them all.
 */
export async function runScaler(options: ScalerOptions, signal: AbortSignal): Promise<void> {
  const workers = new Map<string, EngineWorkerProcess>()
  const stopping = new Set<EngineWorkerProcess>()
  const restarts = new Map<string, { atMs: number; waitMs: number }>()
  while (!signal.aborted) {
    const waiting = await countWaiting(options)
    const free = options.devices.find(
      (device) => !workers.has(device) && Date.now() >= (restarts.get(device)?.atMs ?? 0),
    )
    if (waiting > 0 && free !== undefined) start(free)
    if (waiting === 0) for (const worker of workers.values()) if (isIdle(worker)) void stop(worker)
    await pause(signal)
  }
  await Promise.all(Array.from(workers.values(), stop))

  function isIdle({ lastBusyAtMs }: EngineWorkerProcess): boolean {
    return Date.now() - lastBusyAtMs >= options.idleSeconds * 1000
  }

  function start(device: string): void {
    options.log.info({ device }, 'jobs wait: starting an engine worker')
    const worker = options.startWorker(device)
    workers.set(device, worker)
    void worker.exited.then((code) => {
      workers.delete(device)
      const waitMs = Math.min((restarts.get(device)?.waitMs ?? firstRestartMs / 2) * 2, longestRestartMs)
      if (code === 0) restarts.delete(device)
      else restarts.set(device, { atMs: Date.now() + waitMs, waitMs })
      if (code !== 0 && !signal.aborted) options.log.error({ device, code, waitMs }, 'an engine worker died')
    })
  }

  async function stop(worker: EngineWorkerProcess): Promise<void> {
    if (stopping.has(worker)) return void (await worker.exited)
    stopping.add(worker)
    options.log.info({ device: worker.device }, 'ending the engine worker')
    await worker.stop()
  }
}

/** 0 while Temporal does not answer: what waits there is seen when it is back. */
async function countWaiting({ backlog, log }: ScalerOptions): Promise<number> {
  try {
    return await backlog()
  } catch (error) {
    log.warn({ err: error }, 'the backlog could not be read')
    return 0
  }
}

async function pause(signal: AbortSignal): Promise<void> {
  await delay(lookMs, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error
  })
}
