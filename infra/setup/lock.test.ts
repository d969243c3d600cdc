import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { lock, tryLock } from './lock.mjs'
import { identify, ownIdentity } from './process-identity.mjs'

let folder: string
let path: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'temper-lock-'))
  path = join(folder, 'lock')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('lock', () => {
  test('is held by one at a time and free again after release', () => {
    const first = tryLock(path)
    expect(tryLock(path)).toEqual({ heldBy: ownIdentity() })
    if ('release' in first) first.release()
    expect(tryLock(path)).toHaveProperty('release')
  })

  test('waits for the holder and says once whom it waits for', async () => {
    const first = tryLock(path)
    const onWait = vi.fn(() => {
      if ('release' in first) first.release()
    })
    const release = await lock(path, onWait)
    expect(onWait.mock.calls).toEqual([[ownIdentity()]])
    release()
    expect(readdirSync(folder)).toEqual([])
  })

  test('takes over from a process that has ended', async () => {
    const child = spawn('sleep', ['60'], { stdio: 'ignore' })
    writeFileSync(path, JSON.stringify(identify(child.pid ?? 0)))
    expect(tryLock(path)).toEqual({ heldBy: identify(child.pid ?? 0) })
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(tryLock(path)).toHaveProperty('release')
  })

  test('takes over from an earlier process whose number another one has now', () => {
    writeFileSync(path, JSON.stringify({ ...ownIdentity(), startedAt: 'an earlier boot/1' }))
    expect(tryLock(path)).toHaveProperty('release')
  })

  test('takes over a lock whose file was never finished', () => {
    writeFileSync(path, '{"pid": 12')
    expect(tryLock(path)).toHaveProperty('release')
  })
})
