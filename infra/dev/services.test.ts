import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { clientSettings } from '@temper/db/queries'
import { Connection } from '@temporalio/client'
import postgres from 'postgres'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { identify } from '../setup/process-identity.mjs'
import { createTemporaryHome, removeHome } from './home.ts'
import { type Services, startServices } from './services.ts'

const holder = fileURLToPath(new URL('fixtures/hold-services.ts', import.meta.url))

let home: string
let services: Services | undefined

beforeEach(() => {
  home = createTemporaryHome()
})
afterEach(async () => {
  await services?.stop()
  services = undefined
  removeHome(home)
})

/** Runs one statement on a connection of its own. */
async function query(url: string, statement: string): Promise<Record<string, unknown>[]> {
  const sql = postgres(url, { ...clientSettings, max: 1 })
  try {
    return [...(await sql.unsafe(statement))]
  } finally {
    await sql.end()
  }
}

async function describeNamespace(address: string): Promise<string | null | undefined> {
  const connection = await Connection.connect({ address })
  const { namespaceInfo } = await connection.workflowService.describeNamespace({ namespace: 'default' })
  await connection.close()
  return namespaceInfo?.name
}

/** A process that starts both services and holds them until it is killed. */
async function holdServices(): Promise<{
  pid: number
  databaseUrl: string
  pids: number[]
  kill: () => Promise<void>
}> {
  const child = spawn(process.execPath, ['--import', 'tsx', holder, home], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = await once(createInterface({ input: child.stdout }), 'line')
  const exited = once(child, 'exit')
  const kill = async () => {
    child.kill('SIGKILL')
    await exited
  }
  return { pid: child.pid ?? 0, ...JSON.parse(line), kill }
}

describe('startServices', { timeout: 120_000 }, () => {
  test('serves Postgres and Temporal, and leaves no process when stopped', async () => {
    services = await startServices({ home })
    expect(await query(services.databaseUrl, 'select 1 as one')).toEqual([{ one: 1 }])
    expect(await describeNamespace(services.temporalAddress)).toBe('default')
    expect((await fetch(services.temporalUiUrl)).status).toBe(200)
    const pids = [services.pidOf('postgres'), services.pidOf('temporal')]
    await services.stop()
    services = undefined
    expect(pids.map(identify)).toEqual([undefined, undefined])
    expect(existsSync(join(home, 'postgres/data/postmaster.pid'))).toBe(false)
  })

  test('keeps rows over a restart of one part and over a stop of all', async () => {
    services = await startServices({ home, only: ['postgres'] })
    await query(services.databaseUrl, 'create table kept (word text)')
    await services.restart('postgres')
    await query(services.databaseUrl, "insert into kept values ('steel')")
    await services.stop()
    services = await startServices({ home, only: ['postgres'] })
    expect(await query(services.databaseUrl, 'select word from kept')).toEqual([{ word: 'steel' }])
  })

  test('keeps the database password where only its owner reads it, and refuses others', async () => {
    services = await startServices({ home, only: ['postgres'] })
    expect(statSync(join(home, 'postgres-password')).mode & 0o077).toBe(0)
    const url = new URL(services.databaseUrl)
    url.password = 'guess'
    await expect(query(url.href, 'select 1')).rejects.toMatchObject({ code: '28P01' })
  })

  test('starts a crashed part again and says so', async () => {
    const log = vi.fn()
    services = await startServices({ home, only: ['postgres'], log })
    const first = services.pidOf('postgres')
    process.kill(first, 'SIGKILL')
    const { databaseUrl, pidOf } = services
    await vi.waitFor(() => expect(pidOf('postgres')).not.toBe(first), { timeout: 20_000 })
    await vi.waitFor(() => query(databaseUrl, 'select 1'), { timeout: 20_000 })
    expect(log.mock.calls.flat().join('\n')).toMatch(/postgres ended unexpectedly \(SIGKILL\)/)
  })

  test('refuses a home in which another stack runs', async () => {
    services = await startServices({ home, only: ['postgres'] })
    await expect(startServices({ home, only: ['postgres'] })).rejects.toMatchObject({ code: 'conflict' })
  })

  test('ends all parts soon after its own process is killed, and starts again on the same data', async () => {
    const held = await holdServices()
    await query(held.databaseUrl, 'create table kept as select 7 as number')
    await held.kill()
    await vi.waitFor(() => expect(held.pids.filter(identify)).toEqual([]), { timeout: 20_000 })
    services = await startServices({ home })
    expect(await query(services.databaseUrl, 'select number from kept')).toEqual([{ number: 7 }])
  })

  test('stops the leftovers of a stack whose guardian was killed too', async () => {
    const held = await holdServices()
    await query(held.databaseUrl, 'create table kept as select 7 as number')
    const guardian = readGuardian(home)
    process.kill(guardian, 'SIGKILL')
    await held.kill()
    expect(held.pids.filter(identify)).toEqual(held.pids)
    services = await startServices({ home })
    expect(held.pids.filter(identify)).toEqual([])
    expect(await query(services.databaseUrl, 'select number from kept')).toEqual([{ number: 7 }])
  })

  test.runIf(process.getuid?.() === 0)('serves from a folder that only root can enter', async () => {
    const closed = join(home, 'closed')
    mkdirSync(closed, { mode: 0o700 })
    try {
      services = await startServices({ home: join(closed, 'home'), only: ['postgres'] })
      expect(await query(services.databaseUrl, 'select 1 as one')).toEqual([{ one: 1 }])
      await services.stop()
      services = undefined
    } finally {
      removeHome(join(closed, 'home'))
    }
  })
})

function readGuardian(folder: string): number {
  const [instance] = readdirSync(join(folder, 'processes'))
  return JSON.parse(readFileSync(join(folder, 'processes', `${instance}`, 'guardian.json'), 'utf8')).pid
}
