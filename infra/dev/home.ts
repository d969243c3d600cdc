import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TemperError } from '@temper/db/contracts'
import { tryLock } from '../setup/lock.mjs'
import { postgresUser, reachableFolder } from './parts/unprivileged-user.ts'
import { stopLeftovers } from './processes/leftovers.mjs'
import type { StackIdentity } from './processes/managed-process.ts'

/** The folder that holds everything a stack keeps, locked by the process that runs it. */
export interface Home extends StackIdentity {
  /** Parts of an earlier stack that were still running and have been stopped. */
  healed: string[]
  close: () => void
}

/**
 * Creates or opens a home and stops what an earlier, killed stack has left running in it.
 * Throws `conflict` while another stack runs in it.
 */
export async function openHome(folder: string): Promise<Home> {
  // Passable for others, because Postgres may run as another user; what is inside is not readable for them.
  mkdirSync(folder, { recursive: true, mode: 0o711 })
  const home = realpathSync(folder)
  const attempt = tryLock(join(home, 'stack.lock'))
  if ('heldBy' in attempt) {
    const message = `a stack already runs in ${home} (process ${attempt.heldBy.pid}); stop it, or set TEMPER_HOME to another folder`
    throw new TemperError('conflict', message, { details: { home, pid: attempt.heldBy.pid } })
  }
  const healed = await stopLeftovers(home)
  return { home, instance: randomBytes(6).toString('hex'), healed, close: attempt.release }
}

/** A home in the system's temporary folder, for tests and the quickstart. */
export function createTemporaryHome(): string {
  const folder = mkdtempSync(join(tmpdir(), 'temper-'))
  chmodSync(folder, 0o711)
  return realpathSync(folder)
}

/** Deletes a home, with the Postgres folder that root may have had to put elsewhere. */
export function removeHome(home: string): void {
  const postgres = reachableFolder(join(home, 'postgres'), postgresUser())
  for (const folder of [postgres, home]) if (existsSync(folder)) rmSync(folder, { recursive: true, force: true })
}
