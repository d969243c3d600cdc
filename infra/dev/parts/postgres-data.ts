import { execFile } from 'node:child_process'
import { chownSync, existsSync, readFileSync, readlinkSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { TemperError } from '@temper/db/contracts'
import { identify } from '../../setup/process-identity.mjs'
import { stopProcess } from '../processes/leftovers.mjs'
import type { User } from './unprivileged-user.ts'

const execute = promisify(execFile)

export const stopGraceMs = 20_000

/** Made under another name and moved into place: a kill on the way leaves no half-made data folder. */
export async function createData(bin: string, folder: string, password: string, user: User | undefined): Promise<void> {
  const [draft, passwordFile] = [join(folder, 'data.new'), join(folder, 'password.new')]
  rmSync(draft, { recursive: true, force: true })
  writeFileSync(passwordFile, password, { mode: 0o600 })
  if (user !== undefined) chownSync(passwordFile, user.uid, user.gid)
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
  const access = ['--username=temper', `--pwfile=${passwordFile}`, '--auth=scram-sha-256']
  try {
    await execute(join(bin, 'initdb'), ['-D', draft, ...access, ...locale], {
      cwd: folder,
      env: postgresEnvironment(),
      ...user,
    })
  } catch (cause) {
    throw new TemperError('setup_failed', `initdb failed: ${cause instanceof Error ? cause.message : cause}`, { cause })
  } finally {
    rmSync(passwordFile, { force: true })
  }
  renameSync(draft, join(folder, 'data'))
}

/** After a kill, postmaster.pid may name a server that still runs on this folder (it is stopped), or a stranger. */
export async function healData(data: string): Promise<void> {
  const pidFile = join(data, 'postmaster.pid')
  if (!existsSync(pidFile)) return
  const pid = Number.parseInt(readFileSync(pidFile, 'utf8'), 10)
  const identity = identify(pid)
  if (identity !== undefined && workingFolder(pid) === data) await stopProcess(identity, 'SIGINT', stopGraceMs)
  rmSync(pidFile, { force: true })
}

function workingFolder(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch (error) {
    // It has ended, or is another user's and so not ours.
    if (error instanceof Error) return undefined
    throw error
  }
}

/** Postgres needs nothing of the caller's environment, and PG* variables would mislead it. */
export function postgresEnvironment(): Record<string, string> {
  return { LC_ALL: 'C' }
}
