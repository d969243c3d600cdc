import { execFile } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { inRepository } from './places.mjs'

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

async function setUp(without: string[]): Promise<{ stdout: string; stderr: string; code: number }> {
  const words = without.flatMap((step) => ['--without', step])
  const env = { PATH: path, TEMPER_CACHE: join(folder, 'cache'), HOME: folder }
  const run = execute(process.execPath, [inRepository('infra/setup/run.mjs'), ...words], { env })
  return run.then(
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

  test('takes the Temporal server that is on PATH and has nothing to do then', async () => {
    writeFileSync(join(path, 'temporal'), '')
    chmodSync(join(path, 'temporal'), 0o755)
    const { stdout } = await setUp(['packages', 'tensorflow', 'tfjsBinding', 'sessionAddon', 'web'])
    expect(stdout).toBe('Temper is set up; nothing to do.\n')
  })
})
