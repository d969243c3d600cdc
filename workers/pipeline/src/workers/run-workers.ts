import type { Worker } from '@temporalio/worker'

/** Runs workers until `signal`, then lets them end in order. Throws what one of them died of, after ending the others. */
export async function runWorkers(workers: Worker[], signal: AbortSignal): Promise<void> {
  const stop = () => {
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown()
  }
  signal.addEventListener('abort', stop, { once: true })
  const runs = workers.map((worker) => worker.run())
  if (signal.aborted) stop()
  try {
    await Promise.all(runs)
  } finally {
    stop()
    await Promise.allSettled(runs)
    signal.removeEventListener('abort', stop)
  }
}
