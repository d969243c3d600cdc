import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { TemperError } from '@temper/db/contracts'
import { findTemporal } from '../../setup/places.mjs'
import type { PartSpec } from '../processes/managed-process.ts'
import { hasNamespace } from './temporal-client.ts'

export interface TemporalOptions {
  port: number
  uiPort: number
  /** Values of its dynamic configuration, such as `limit.historyCount.suggestContinueAsNew`; its own unless set. */
  limits?: Readonly<Record<string, number>>
}

/**
 * The Temporal development server of a home, on a SQLite file, with its Web UI.
 * Throws `setup_failed` when no Temporal binary is installed.
 */
export function describeTemporal(home: string, { port, uiPort, limits = {} }: TemporalOptions): PartSpec {
  const command = findTemporal()
  if (command === undefined) throw new TemperError('setup_failed', 'no Temporal binary found; run: npm run setup')
  const folder = join(home, 'temporal')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const database = ['--db-filename', join(folder, 'temporal.db')]
  // Neither asks who calls, and both may start and end workflows: for this machine alone, whatever the rest binds to.
  const addresses = ['--ip', '127.0.0.1', '--ui-ip', '127.0.0.1', '--port', `${port}`, '--ui-port', `${uiPort}`]
  const settings = Object.entries(limits).flatMap(([name, value]) => ['--dynamic-config-value', `${name}=${value}`])
  return {
    name: 'temporal',
    order: 0,
    command,
    args: ['server', 'start-dev', ...database, '--log-level', 'warn', ...addresses, ...settings],
    cwd: folder,
    env: { HOME: folder },
    stopSignal: 'SIGTERM',
    stopGraceMs: 10_000,
    isReady: () => hasNamespace(`127.0.0.1:${port}`),
    readyTimeoutMs: 60_000,
  }
}
