import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Database, migrate, openDatabase } from '@temper/db/queries'
import { preparePostgres } from '@temper/infra/dev/parts/postgres'

export interface TestDatabase extends Database {
  readonly url: string
  /** Closes the connections, stops the server and removes its folder. */
  stop(): Promise<void>
}

/** A real Postgres server with the project's tables, for one test file. Up in about a second. */
export async function startTestDatabase(): Promise<TestDatabase> {
  const home = await mkdtemp(join(tmpdir(), 'temper-postgres-'))
  const { url, folder, spec } = await preparePostgres(home, await freePort())
  const server = spawn(spec.command, [...spec.args, '-c', 'fsync=off'], {
    cwd: spec.cwd,
    env: spec.env,
    ...spec.user,
    stdio: 'ignore',
  })
  const exited = once(server, 'exit')
  endWithThisProcess(server, spec.stopSignal)
  await waitUntilReady('Postgres', spec.isReady)
  await migrate(url)
  const database = openDatabase(url)
  const stop = async () => {
    await database.close()
    server.kill(spec.stopSignal)
    await exited
    await rm(home, { recursive: true, force: true })
    await rm(folder, { recursive: true, force: true })
  }
  return { ...database, url, stop }
}

/** A test that breaks off leaves no server behind. */
export function endWithThisProcess(server: ChildProcess, signal: NodeJS.Signals): void {
  const kill = () => server.kill(signal)
  process.once('exit', kill)
  server.once('exit', () => process.off('exit', kill))
}

export async function waitUntilReady(name: string, isReady: (startedAtMs: number) => Promise<boolean>): Promise<void> {
  const startedAtMs = Date.now()
  while (!(await isReady(startedAtMs))) {
    if (Date.now() - startedAtMs > 30_000) throw new Error(`${name} did not start within 30 s`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
