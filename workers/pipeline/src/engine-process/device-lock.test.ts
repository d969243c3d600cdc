import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { lockDevice } from './device-lock.ts'
import { never } from './fixtures/options.ts'
import { identify, isAlive } from './process-identity.ts'

let workDir: string
const started: ChildProcess[] = []
beforeEach(async () => {
  workDir = await mkdtemp(path.join(tmpdir(), 'temper-lock-'))
})
afterEach(async () => {
  for (const child of started.splice(0)) child.kill('SIGKILL')
  await rm(workDir, { recursive: true })
})

/** A process that waits, and one that is gone. */
async function startProcess(): Promise<number> {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })
  await once(child, 'spawn')
  started.push(child)
  return child.pid ?? 0
}
async function endedProcess() {
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'], { stdio: ['pipe', 'ignore', 'ignore'] })
  await once(child, 'spawn')
  const identity = identify(child.pid ?? 0)
  child.kill('SIGKILL')
  await once(child, 'exit')
  return identity
}
const lockFile = () => path.join(workDir, 'device-0.lock')

describe('lockDevice', () => {
  it('is had by one at a time', async () => {
    const first = await lockDevice(workDir, '0', never)
    const events: string[] = []
    const second = lockDevice(workDir, '0', never).then((lock) => {
      events.push('taken')
      return lock
    })
    events.push('released')
    await first.release()
    await (await second).release()
    expect(events).toEqual(['released', 'taken'])
  })

  it('leaves other devices alone', async () => {
    const locks = [await lockDevice(workDir, '0', never), await lockDevice(workDir, '1', never)]
    for (const lock of locks) await lock.release()
  })

  it('is taken over by exactly one of those who find it abandoned', async () => {
    await writeFile(lockFile(), JSON.stringify({ token: 'old', worker: await endedProcess(), engine: null }))
    let holders = 0
    const takeTurn = async () => {
      const lock = await lockDevice(workDir, '0', never)
      holders += 1
      expect(holders).toBe(1)
      await access(lockFile())
      holders -= 1
      await lock.release()
    }
    await Promise.all([takeTurn(), takeTurn(), takeTurn()])
  })

  it('ends an engine that outlived its worker before it is taken over', async () => {
    const engine = identify(await startProcess())
    await writeFile(lockFile(), JSON.stringify({ token: 'old', worker: await endedProcess(), engine }))
    const lock = await lockDevice(workDir, '0', never)
    expect(isAlive(engine)).toBe(false)
    await lock.release()
  })

  it('is not waited for after the signal', async () => {
    const first = await lockDevice(workDir, '0', never)
    await expect(lockDevice(workDir, '0', AbortSignal.abort())).rejects.toMatchObject({ code: 'cancelled' })
    await first.release()
  })
})

describe('isAlive', () => {
  it('tells a process from a later one with its number', async () => {
    const identity = identify(await startProcess())
    expect(isAlive(identity)).toBe(true)
    expect(isAlive({ ...identity, startedAt: '1' })).toBe(false)
  })
})
