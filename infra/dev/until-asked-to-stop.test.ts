import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

const waiter = fileURLToPath(new URL('fixtures/wait-to-be-stopped.ts', import.meta.url))

let folder: string
let said: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'temper-stop-'))
  said = join(folder, 'said')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** A stand-in for npm: a process that runs the waiter through a shell, and waits for it. */
async function startBelowShell(): Promise<ChildProcess> {
  // A command after it keeps the shell from replacing itself by the program.
  const shellScript = `'${process.execPath}' --import tsx '${waiter}' '${said}'; exit $?`
  const program = `require('node:child_process').spawn('sh', ['-c', ${JSON.stringify(shellScript)}])`
  const caller = spawn(process.execPath, ['-e', program], { stdio: 'ignore' })
  await vi.waitFor(() => expect(read()).toEqual(['waiting']), { timeout: 20_000 })
  return caller
}

function read(): string[] {
  return readFileSync(said, 'utf8').trim().split('\n')
}

describe('untilAskedToStop', () => {
  test('resolves when npm is killed, though its shell lives on', async () => {
    const caller = await startBelowShell()
    caller.kill('SIGKILL')
    await once(caller, 'exit')
    await vi.waitFor(() => expect(read()).toEqual(['waiting', 'npm has ended']), { timeout: 20_000 })
  })

  test('resolves with the signal', async () => {
    const child = spawn(process.execPath, ['--import', 'tsx', waiter, said], { stdio: 'ignore' })
    await vi.waitFor(() => expect(read()).toEqual(['waiting']), { timeout: 20_000 })
    child.kill('SIGTERM')
    await once(child, 'exit')
    expect(read()).toEqual(['waiting', 'SIGTERM'])
  })
})
