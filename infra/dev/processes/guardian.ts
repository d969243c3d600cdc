import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { TemperError } from '@temper/db/contracts'
import { identify } from '../../setup/process-identity.mjs'
import type { StackIdentity } from './managed-process.ts'
import { processesFolder, writeRecord } from './records.mjs'

const program = fileURLToPath(new URL('guardian.mjs', import.meta.url))

/**
 * Starts the process that stops all parts should this one be killed.
 * @returns dismisses it after a stop in order
 */
export function startGuardian(stack: StackIdentity): () => Promise<void> {
  const child = spawn(process.execPath, [program, stack.home, stack.instance], {
    stdio: ['pipe', 'ignore', 'inherit'],
    detached: true,
  })
  record(child, stack)
  const exited = once(child, 'exit')
  return async () => {
    child.stdin?.end('stopped')
    await exited
  }
}

function record(child: ChildProcess, stack: StackIdentity): void {
  const identity = child.pid === undefined ? undefined : identify(child.pid)
  if (identity === undefined) throw new TemperError('internal', 'the guardian process did not start')
  const place = { part: 'guardian', order: Number.MAX_SAFE_INTEGER, stopSignal: 'SIGKILL', stopGraceMs: 0 } as const
  writeRecord(join(processesFolder(stack.home), stack.instance), { ...identity, ...place })
}
