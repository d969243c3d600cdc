import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describeTemporal } from '@temper/infra/dev/parts/temporal'
import { endWithThisProcess, freePort, waitUntilReady } from './postgres.ts'

export interface TestTemporal {
  readonly address: string
  stop(): Promise<void>
}

/** A real Temporal server of its own for one test file. Up in about a second. */
export async function startTestTemporal(): Promise<TestTemporal> {
  const home = await mkdtemp(join(tmpdir(), 'temper-temporal-'))
  const port = await freePort()
  const { command, args, cwd, env, stopSignal, isReady } = describeTemporal(home, '127.0.0.1', port, await freePort())
  const server = spawn(command, args, { cwd, env, stdio: 'ignore' })
  const exited = once(server, 'exit')
  endWithThisProcess(server, stopSignal)
  await waitUntilReady('Temporal', isReady)
  const stop = async () => {
    server.kill(stopSignal)
    await exited
    await rm(home, { recursive: true, force: true })
  }
  return { address: `127.0.0.1:${port}`, stop }
}
