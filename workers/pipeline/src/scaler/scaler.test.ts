import { pino } from 'pino'
import { describe, expect, it, vi } from 'vitest'
import type { EngineWorkerProcess } from './engine-worker-process.ts'
import { runScaler } from './scaler.ts'

/** A worker that ends when it is told to, or crashes when the test says so. */
function fakeWorker(device: string) {
  let end: (code: number | null) => void = () => undefined
  const exited = new Promise<number | null>((resolve) => {
    end = resolve
  })
  return { device, lastBusyAtMs: Date.now(), exited, crash: () => end(1), stop: async () => end(0) }
}

async function scale(devices: string[], idleSeconds = 0) {
  const started: ReturnType<typeof fakeWorker>[] = []
  const queue = { jobs: 0 }
  const stop = new AbortController()
  const startWorker = (device: string): EngineWorkerProcess => {
    const worker = fakeWorker(device)
    started.push(worker)
    return worker
  }
  const options = { devices, idleSeconds, backlog: async () => queue.jobs, startWorker, log: pino({ level: 'silent' }) }
  const running = runScaler(options, stop.signal)
  const end = () => {
    stop.abort()
    return running
  }
  return { started, queue, end }
}
const soon = { timeout: 5000 }

describe('runScaler', () => {
  it('starts a worker on each device while jobs wait, and no more', async () => {
    const { started, queue, end } = await scale(['0', '1'], 60)
    queue.jobs = 5
    await vi.waitFor(() => expect(started.map(({ device }) => device)).toEqual(['0', '1']), soon)
    await end()
    expect(started).toHaveLength(2)
  })

  it('ends a worker that has nothing to do', async () => {
    const { started, queue, end } = await scale(['0'])
    queue.jobs = 1
    await vi.waitFor(() => expect(started).toHaveLength(1), soon)
    queue.jobs = 0
    expect(await started[0]?.exited).toBe(0)
    await end()
  })

  it('replaces a worker that died while jobs wait', async () => {
    const { started, queue, end } = await scale(['0'], 60)
    queue.jobs = 1
    await vi.waitFor(() => expect(started).toHaveLength(1), soon)
    started[0]?.crash()
    await vi.waitFor(() => expect(started).toHaveLength(2), soon)
    await end()
  })
})
