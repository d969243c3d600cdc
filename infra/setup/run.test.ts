import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { inRepository } from './places.mjs'
import { identify } from './process-identity.mjs'

const execute = promisify(execFile)
let folder: string
let path: string

/** A machine with Node and nothing else on PATH, and an empty cache. */
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'temper-setup-'))
  path = join(folder, 'bin')
  mkdirSync(path)
  symlinkSync(process.execPath, join(path, 'node'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function setUpArguments(without: string[]): string[] {
  return [inRepository('infra/setup/run.mjs'), ...without.flatMap((step) => ['--without', step])]
}

function environment(): Record<string, string> {
  return { PATH: path, TEMPER_CACHE: join(folder, 'cache'), HOME: folder }
}

/** A python3 with a pip whose downloads run a shell script. */
function writePython(download: string): void {
  const script = `#!/bin/sh\n[ "$3" = --version ] && exit 0\n${download}\n`
  writeFileSync(join(path, 'python3'), script, { mode: 0o755 })
}

async function setUp(without: string[]): Promise<{ stdout: string; stderr: string; code: number }> {
  return execute(process.execPath, setUpArguments(without), { env: environment() }).then(
    (output) => ({ ...output, code: 0 }),
    (error) => ({ stdout: error.stdout, stderr: error.stderr, code: error.code }),
  )
}

describe('set-up', () => {
  test('names every missing tool with the command that installs it', async () => {
    const { code, stderr } = await setUp(['packages', 'web'])
    expect(code).toBe(1)
    expect(stderr).toBe(
      'python3 is missing. Install it: sudo apt-get install -y python3\n' +
        'pip is missing. Install it: sudo apt-get install -y python3-pip\n',
    )
  })

  test('ends what a killed set-up has left running before it begins itself', async () => {
    const pidFile = join(folder, 'download.pid')
    // A download that never ends, until there is a note that it has begun once.
    writePython(
      `[ -e ${pidFile} ] && exit 1; echo $$ > ${pidFile}.new; /bin/mv ${pidFile}.new ${pidFile}; exec /bin/sleep 300`,
    )
    const first = spawn(process.execPath, setUpArguments(['packages', 'web']), { env: environment(), stdio: 'ignore' })
    await vi.waitFor(() => expect(existsSync(pidFile)).toBe(true), { timeout: 20_000 })
    first.kill('SIGKILL')
    await once(first, 'exit')
    const download = Number(readFileSync(pidFile, 'utf8'))
    expect(identify(download)).toBeDefined()
    await setUp(['packages', 'web'])
    expect(identify(download)).toBeUndefined()
  })

  test('takes the Temporal server that is on PATH and has nothing to do then', async () => {
    writeFileSync(join(path, 'temporal'), '')
    chmodSync(join(path, 'temporal'), 0o755)
    const { stdout } = await setUp(['packages', 'tensorflow', 'tfjsBinding', 'sessionAddon', 'engineKernels', 'web'])
    expect(stdout).toBe('Temper is set up; nothing to do.\n')
  })
})
