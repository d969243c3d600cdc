import { once } from 'node:events'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { EngineDevice } from './engine-device.ts'
import type { EngineProcess } from './engine-process.ts'
import { jobThat, never, scriptedEngine } from './fixtures/options.ts'
import { identify, isAlive } from './process-identity.ts'

let device: EngineDevice
let engines: number[]
beforeEach(() => {
  engines = []
  const lock = { setEngine: async (pid: number) => void engines.push(pid) }
  device = new EngineDevice({ lock, engine: scriptedEngine })
})
afterEach(() => device.close())

const finish = (engine: EngineProcess) => engine.run(jobThat('finish'), { onEvent: () => undefined, signal: never })
const crash = (engine: EngineProcess) => engine.run(jobThat('crash'), { onEvent: () => undefined, signal: never })

it('keeps the process warm and gives turns in order', async () => {
  const ends = await Promise.all([device.use(never, finish), device.use(never, finish), device.use(never, finish)])
  expect(ends.map((end) => end.result.jobs)).toEqual([1, 2, 3])
})

it('gives an urgent job the next turn, after asking the running one to make way', async () => {
  const order: string[] = []
  const yielding = device.use(never, async (engine, makeWay) => {
    if (!makeWay.aborted) await once(makeWay, 'abort')
    order.push('made way')
    return finish(engine)
  })
  const patient = device.use(never, async (engine) => {
    order.push('patient')
    return finish(engine)
  })
  const answer = async (engine: EngineProcess) => {
    order.push('urgent')
    return finish(engine)
  }
  await Promise.all([yielding, patient, device.use(never, answer, { urgent: true })])
  expect(order).toEqual(['made way', 'urgent', 'patient'])
})

it('asks nobody to make way for a job that can wait', async () => {
  const first = device.use(never, async (engine, makeWay) => {
    await finish(engine)
    return makeWay.aborted
  })
  await device.use(never, finish)
  expect(await first).toBe(false)
})

it('is busy from the first wish to the end of the last job', async () => {
  const jobs = [device.use(never, finish), device.use(never, finish)]
  expect(device.busy).toBe(true)
  await jobs[0]
  expect(device.busy).toBe(true)
  await jobs[1]
  expect(device.busy).toBe(false)
})

it('replaces the process after a failure', async () => {
  await expect(device.use(never, crash)).rejects.toMatchObject({ code: 'engine_failed' })
  expect((await device.use(never, finish)).result.jobs).toBe(1)
})

it('lets a job that no longer wants its turn go', async () => {
  await expect(device.use(AbortSignal.abort(), finish)).rejects.toMatchObject({ code: 'cancelled' })
})

it('lets a job that no longer wants its turn leave while another has the device', async () => {
  const [leaving, release] = [new AbortController(), new AbortController()]
  const first = device.use(never, async (engine) => {
    if (!release.signal.aborted) await once(release.signal, 'abort')
    return finish(engine)
  })
  const gone = device.use(leaving.signal, finish)
  const last = device.use(never, finish)
  leaving.abort()
  await expect(gone).rejects.toMatchObject({ code: 'cancelled' })
  release.abort()
  expect([(await first).result.jobs, (await last).result.jobs]).toEqual([1, 2])
  expect(device.wanted).toBe(false)
})

it('names each engine process in the lock, and ends it when it closes', async () => {
  await device.use(never, finish)
  await device.use(never, crash).catch(() => undefined)
  await device.use(never, finish)
  await device.close()
  expect(engines).toHaveLength(2)
  expect(engines.map((pid) => isAlive(identify(pid)))).toEqual([false, false])
})
