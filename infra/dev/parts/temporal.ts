import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { TemperError } from '@temper/db/contracts'
import { Connection } from '@temporalio/client'
import { findTemporal } from '../../setup/places.mjs'
import type { PartSpec } from '../processes/managed-process.ts'

/**
 * The Temporal development server of a home, on a SQLite file, with its Web UI.
 * Throws `setup_failed` when no Temporal binary is installed.
 */
export function describeTemporal(home: string, host: string, port: number, uiPort: number): PartSpec {
  const command = findTemporal()
  if (command === undefined) throw new TemperError('setup_failed', 'no Temporal binary found; run: npm run setup')
  const folder = join(home, 'temporal')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const addresses = ['--ip', '127.0.0.1', '--ui-ip', host, '--port', `${port}`, '--ui-port', `${uiPort}`]
  return {
    name: 'temporal',
    order: 0,
    command,
    args: ['server', 'start-dev', '--db-filename', join(folder, 'temporal.db'), '--log-level', 'warn', ...addresses],
    cwd: folder,
    env: { HOME: folder },
    stopSignal: 'SIGTERM',
    stopGraceMs: 10_000,
    isReady: () => hasNamespace(`127.0.0.1:${port}`),
    readyTimeoutMs: 60_000,
  }
}

/** Whether the server answers and knows the namespace `default`. */
async function hasNamespace(address: string): Promise<boolean> {
  const connection = Connection.lazy({ address, connectTimeout: 2_000 })
  try {
    await connection.withDeadline(Date.now() + 2_000, () =>
      connection.workflowService.describeNamespace({ namespace: 'default' }),
    )
    return true
  } catch (error) {
    if (isNotServingYet(error)) return false
    throw error
  } finally {
    await connection.close()
  }
}

/** gRPC: unavailable (14), deadline exceeded (4), and not found (5) until the namespace is registered. */
function isNotServingYet(error: unknown): boolean {
  const code = (error as { code?: unknown }).code
  return code === 14 || code === 4 || code === 5
}
