import type { EngineEvent } from '@temper/db/contracts'
import { afterEach, describe, expect, it } from 'vitest'
import { EngineProcess, type EngineProcessOptions } from './engine-process.ts'
import { jobThat, never, scriptedEngine } from './fixtures/options.ts'

let engine: EngineProcess | undefined
afterEach(async () => {
  await engine?.close()
  engine = undefined
})

async function run(does: string, options: Partial<EngineProcessOptions> = {}, signal: AbortSignal = never) {
  engine = await EngineProcess.start({ ...scriptedEngine, ...options })
  return engine.run(jobThat(does), { onEvent: () => undefined, signal })
}

describe('EngineProcess', () => {
  it('runs one job after another in one process', async () => {
    expect(await run('finish')).toMatchObject({ outcome: 'finished', result: { jobs: 1 } })
    expect(await engine?.run(jobThat('finish'), { onEvent: () => undefined, signal: never })).toMatchObject({
      result: { jobs: 2 },
    })
  })

  it('hands every event on in order', async () => {
    engine = await EngineProcess.start(scriptedEngine)
    const events: EngineEvent['type'][] = []
    const stop = new AbortController()
    const onEvent = (event: EngineEvent) => {
      events.push(event.type)
      if (event.type === 'progress') void engine?.close()
    }
    await expect(engine.run(jobThat('ignore stop'), { onEvent, signal: stop.signal })).rejects.toThrow()
    expect(events).toEqual(['progress'])
  })

  it('rejects with the failure that the engine names', async () => {
    await expect(run('refuse')).rejects.toMatchObject({ code: 'non_finite', details: { step: 3 } })
    expect(engine?.alive).toBe(true)
  })

  it('turns an exit into engine_failed with the exit code', async () => {
    await expect(run('crash')).rejects.toMatchObject({ code: 'engine_failed', details: { exitCode: 7 } })
    expect(engine?.alive).toBe(false)
  })

  it('turns a kill into engine_failed with the signal', async () => {
    await expect(run('kill itself')).rejects.toMatchObject({ code: 'engine_failed', details: { signal: 'SIGKILL' } })
  })

  it('tells a lack of memory from other ends', async () => {
    await expect(run('run out of memory')).rejects.toMatchObject({ code: 'out_of_memory' })
  })

  it('ends a process whose messages are no events', async () => {
    await expect(run('speak nonsense')).rejects.toMatchObject({ code: 'engine_failed' })
    expect((await engine?.exited)?.signal).toBe('SIGKILL')
  })

  it('kills a process that reports nothing', async () => {
    await expect(run('say nothing', { hangTimeoutMs: 500 })).rejects.toThrow('reported nothing for 0.5 s')
    expect((await engine?.exited)?.signal).toBe('SIGKILL')
  })

  it('stops a job gracefully when asked', async () => {
    expect(await run('say nothing', {}, AbortSignal.abort())).toMatchObject({ outcome: 'stopped' })
    expect(engine?.alive).toBe(true)
  })

  it('kills a process that does not stop when asked', async () => {
    await expect(run('ignore stop', { stopTimeoutMs: 100 }, AbortSignal.abort())).rejects.toThrow('did not stop')
  })

  it('waits for a job that is asked to make way, however long its step is', async () => {
    engine = await EngineProcess.start({ ...scriptedEngine, stopTimeoutMs: 100 })
    const job = jobThat('stop after a long step')
    const end = await engine.run(job, { onEvent: () => undefined, signal: never, makeWay: AbortSignal.abort() })
    expect(end.outcome).toBe('stopped')
    expect(engine.alive).toBe(true)
  })

  it('fails at once where the entry cannot start', async () => {
    await expect(EngineProcess.start({ ...scriptedEngine, entry: '/nowhere.ts' })).rejects.toMatchObject({
      code: 'engine_failed',
      details: { exitCode: 1 },
    })
  })
})
