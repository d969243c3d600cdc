import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { type CheckpointFile, checkpointFileSchema, TemperError } from '@temper/db/contracts'
import { z } from 'zod'
import { writeDurably } from './write-durably.ts'

export const manifestName = 'manifest.json'

const manifestSchema = z.strictObject({ format: z.literal(1), files: z.array(checkpointFileSchema) })
export type Manifest = z.infer<typeof manifestSchema>

/** Lists every file of a folder with size and digest, and writes that as the last one. */
export async function writeManifest(dir: string): Promise<Manifest> {
  const files: CheckpointFile[] = []
  for (const path of await relativePaths(dir)) {
    const { size } = await stat(join(dir, path))
    files.push({ path, sizeBytes: size, sha256: await sha256Of(join(dir, path)) })
  }
  const manifest: Manifest = { format: 1, files }
  await writeDurably(join(dir, manifestName), `${JSON.stringify(manifest, null, 2)}\n`)
  return manifest
}

/** @throws TemperError invalid_checkpoint when the folder has none: it is then no complete checkpoint of ours */
export async function readManifest(dir: string): Promise<Manifest> {
  const path = join(dir, manifestName)
  try {
    return manifestSchema.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch (cause) {
    const message = `${path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`
    throw new TemperError('invalid_checkpoint', message, { cause, details: { path } })
  }
}

/**
 * Compares every file with the manifest.
 * @throws TemperError invalid_checkpoint naming the first file that is missing, of another size, or of another digest
 */
export async function verifyCheckpoint(dir: string): Promise<Manifest> {
  const manifest = await readManifest(dir)
  const present = new Set(await relativePaths(dir))
  for (const { path, sizeBytes, sha256 } of manifest.files) {
    if (!present.has(path)) differs(dir, path, 'is listed in the manifest but missing')
    const { size } = await stat(join(dir, path))
    if (size !== sizeBytes) differs(dir, path, `has ${size} bytes, the manifest says ${sizeBytes}`)
    const digest = await sha256Of(join(dir, path))
    if (digest !== sha256) differs(dir, path, `has sha256 ${digest}, the manifest says ${sha256}`)
  }
  return manifest
}

function differs(dir: string, file: string, rule: string): never {
  throw new TemperError('invalid_checkpoint', `${join(dir, file)} ${rule}`, { details: { dir, file, rule } })
}

/** Paths of all files below a folder with `/` between parts, sorted, the manifest left out. */
async function relativePaths(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  const paths = files.map((entry) => join(entry.parentPath, entry.name).slice(join(dir, '/').length))
  return paths
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path !== manifestName)
    .sort()
}

export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}
