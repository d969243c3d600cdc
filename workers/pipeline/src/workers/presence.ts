import { hostname } from 'node:os'
import type { WorkerState } from '@temper/db/contracts'
import { type Db, heartbeatWorker, removeWorker } from '@temper/db/queries'
import type { Logger } from 'pino'

const everyMs = 10_000

interface Presence {
  queue: string
  device: () => string
  state: () => WorkerState
}

/** Shows this process among the workers until the returned function is called. */
export function announceWorker(db: Db, log: Logger, { queue, device, state }: Presence): () => Promise<void> {
  const id = `${hostname()}-${process.pid}-${queue}`
  const announce = () =>
    heartbeatWorker(db, { id, queue, device: device(), host: hostname(), pid: process.pid, state: state() }).catch(
      // The list of workers is for people; work goes on without it.
      (error: unknown) => log.warn({ err: error }, 'the worker could not say that it lives'),
    )
  void announce()
  const timer = setInterval(() => void announce(), everyMs)
  return async () => {
    clearInterval(timer)
    await removeWorker(db, id).catch((error: unknown) => log.warn({ err: error }, 'the worker is still listed'))
  }
}
