import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { CheckpointFile } from '@temper/db/contracts'
import type { ArtifactStore } from '@temper/db/storage'
import { pack } from 'tar-stream'

const blockBytes = 512

/** A tar of the files below a folder `name`, written as it is read: nothing of it is held. */
export function tarOf(store: ArtifactStore, files: CheckpointFile[], name: string, modifiedAt: Date): Readable {
  const archive = pack()
  const write = async () => {
    for (const file of files) {
      const entry = archive.entry({ name: `${name}/${file.path}`, size: file.sizeBytes, mtime: modifiedAt })
      await pipeline(await store.open(file.sha256), entry)
    }
    archive.finalize()
  }
  write().catch((error: Error) => archive.destroy(error))
  // The package brings streams of its own kind; this makes them Node's.
  return Readable.from(archive)
}

/** Length of that tar, so that a reader knows when it has all; undefined where a long name needs an extra header. */
export function tarSizeBytes(files: CheckpointFile[], name: string): number | undefined {
  if (files.some((file) => Buffer.byteLength(`${name}/${file.path}`) > 99)) return undefined
  const entries = files.reduce((sum, file) => sum + blockBytes + Math.ceil(file.sizeBytes / blockBytes) * blockBytes, 0)
  return entries + 2 * blockBytes
}
