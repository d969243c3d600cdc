import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { EngineDevice } from './engine-device.ts'
import type { EngineProcess } from './engine-process.ts'
import { jobThat, never, scriptedEngine } from './fixtures/options.ts'

let workDir: string
let device: EngineDevice
beforeEach(async () => {
  workDir = await mkdtemp(path.join(tmpdir(), 'temper-device-'))
  device = new EngineDevice({ workDir, device: '0', engine: scriptedEngine })
})
afterEach(async () => {
  await device.close()
  await rm(workDir, { recursive: true })
})

const finish = (engine: EngineProcess) => engine.run(jobThat('finish'), { onEvent: () => undefined, signal: never })
const crash = (engine: EngineProcess) => engine.run(jobThat('crash'), { onEvent: () => undefined, signal: never })

it('keeps the process warm and gives turns in order', async () => {
  const ends = await Promise.all([device.use(never, finish), device.use(never, finish), device.use(never, finish)])
  expect(ends.map((end) => end.result.jobs)).toEqual([1, 2, 3])
})

it('replaces the process after a failure', async () => {
  await expect(device.use(never, crash)).rejects.toMatchObject({ code: 'engine_failed' })
  expect((await device.use(never, finish)).result.jobs).toBe(1)
})

it('lets a job that no longer wants its turn go', async () => {
  await expect(device.use(AbortSignal.abort(), finish)).rejects.toMatchObject({ code: 'cancelled' })
})

it('gives the device back when it closes', async () => {
  await device.use(never, finish)
  expect(await readdir(workDir)).toEqual(['device-0.lock'])
  await device.close()
  expect(await readdir(workDir)).toEqual([])
})
