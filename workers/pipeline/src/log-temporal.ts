import { DefaultLogger, Runtime } from '@temporalio/worker'
import type { Logger } from 'pino'

/** Each worker here has workflows or activities, never both; the SDK warns at every start that it lacks the others. */
const expected = new Set([
  'No workflows registered, not polling for workflow tasks',
  'No activities registered, not polling for activity tasks',
])

/** Writes what the SDK says, from warnings on: at lower levels it speaks of every task. Once a process, before its first worker. */
export function logTemporalWith(log: Logger): void {
  const logger = new DefaultLogger('WARN', ({ level, message, meta }) => {
    if (!expected.has(message)) log[level === 'ERROR' ? 'error' : 'warn'](meta ?? {}, message)
  })
  Runtime.install({
    logger,
    shutdownSignals: [],
    telemetryOptions: { logging: { filter: 'ERROR', forward: {} } },
  })
}
