import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import type { CheckpointFile } from '../contracts/index.ts'
import type { ArtifactStore } from './artifact-store.ts'

/** Stores every file below `dir`; the list is what a checkpoint is registered with. Sorted by path. */
export async function putFolder(store: ArtifactStore, dir: string): Promise<CheckpointFile[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const stored: CheckpointFile[] = []
  for (const file of files.sort()) {
    const artifact = await store.put(createReadStream(file))
    stored.push({ path: relative(dir, file).split(sep).join('/'), ...artifact })
  }
  return stored
}

/** Makes the files local below `dir`. */
export async function materializeFolder(store: ArtifactStore, files: CheckpointFile[], dir: string): Promise<void> {
  for (const file of files) await store.materialize(file.sha256, join(dir, file.path))
}
