import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { Readable } from 'node:stream'
import type { CheckpointFile } from '../contracts/index.ts'
import type { ArtifactStore } from './artifact-store.ts'

/**
 * Stores every file below `dir`; the list is what a checkpoint is registered with. Sorted by path.
 * @param onBytes - called with how many bytes are written, of how many
 */
export async function putFolder(
  store: ArtifactStore,
  dir: string,
  onBytes: (done: number, total: number) => void = () => undefined,
): Promise<CheckpointFile[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size))
  const total = sizes.reduce((sum, size) => sum + size, 0)
  let done = 0
  const counted = async function* (bytes: AsyncIterable<Uint8Array>) {
    for await (const chunk of bytes) {
      yield chunk
      done += chunk.length
      onBytes(done, total)
    }
  }
  const stored: CheckpointFile[] = []
  for (const file of files.sort()) {
    const artifact = await store.put(Readable.from(counted(createReadStream(file))))
    stored.push({ path: relative(dir, file).split(sep).join('/'), ...artifact })
  }
  return stored
}

/** Makes the files local below `dir`. */
export async function materializeFolder(store: ArtifactStore, files: CheckpointFile[], dir: string): Promise<void> {
  for (const file of files) await store.materialize(file.sha256, join(dir, file.path))
}
