import { randomUUID } from 'node:crypto'
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { TemperError } from '@temper/db/contracts'
import { z } from 'zod'
import { identify, isAlive } from './process-identity.ts'

/** Who has a device: the worker, and the engine process it started there. */
const processSchema = z.strictObject({ pid: z.number().int().positive(), startedAt: z.string().nullable() })
const holderSchema = z.strictObject({ token: z.string(), worker: processSchema, engine: processSchema.nullable() })
type Holder = z.infer<typeof holderSchema>

export interface DeviceLock {
  /** Names the engine process, which may outlive a killed worker by a moment. */
  setEngine(pid: number): Promise<void>
  release(): Promise<void>
}

const retryMs = 200

/**
 * Takes a device of this machine for this process, so that two workers never share it. Waits while another process has
 * it; takes over from holders that are gone, once their engine process is gone as well. Throws `cancelled` on `signal`.
 */
export async function lockDevice(workDir: string, device: string, signal: AbortSignal): Promise<DeviceLock> {
  const file = path.join(workDir, `device-${device}.lock`)
  const holder: Holder = { token: randomUUID(), worker: identify(process.pid), engine: null }
  await mkdir(workDir, { recursive: true })
  while (!(await tryCreate(file, holder))) {
    if (signal.aborted) throw new TemperError('cancelled', `stopped while waiting for device ${device}`)
    await removeIfAbandoned(file)
    await delay(retryMs)
  }
  return {
    async setEngine(pid) {
      await replace(file, { ...holder, engine: identify(pid) })
    },
    async release() {
      await rm(file, { force: true })
    },
  }
}

/** A link appears with its whole content or not at all, and never replaces another. */
async function tryCreate(file: string, holder: Holder): Promise<boolean> {
  const draft = `${file}.${holder.token}`
  await writeFile(draft, JSON.stringify(holder))
  try {
    await link(draft, file)
    return true
  } catch (thrown) {
    if (hasCode(thrown, 'EEXIST')) return false
    throw thrown
  } finally {
    await rm(draft, { force: true })
  }
}

async function replace(file: string, holder: Holder): Promise<void> {
  const next = `${file}.${holder.token}`
  await writeFile(next, JSON.stringify(holder))
  await rename(next, file)
}

/**
 * Moves an abandoned lock away. Several may try at once: the move takes whatever lies there now, so what was moved is
 * looked at again, and a lock that somebody has taken meanwhile is put back.
 */
async function removeIfAbandoned(file: string): Promise<void> {
  const holder = await readHolder(file)
  if (!holder || isAlive(holder.worker)) return
  // Nobody hears this engine any more, and it may be inside a long step.
  if (holder.engine && isAlive(holder.engine)) return void process.kill(holder.engine.pid, 'SIGKILL')
  const aside = `${file}.${randomUUID()}`
  try {
    await rename(file, aside)
  } catch (thrown) {
    if (hasCode(thrown, 'ENOENT')) return
    throw thrown
  }
  const moved = await readHolder(aside)
  if (moved && moved.token !== holder.token) await link(aside, file)
  await rm(aside, { force: true })
}

async function readHolder(file: string): Promise<Holder | null> {
  try {
    return holderSchema.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch (thrown) {
    if (hasCode(thrown, 'ENOENT')) return null
    throw thrown
  }
}

function hasCode(thrown: unknown, code: string): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === code
}
