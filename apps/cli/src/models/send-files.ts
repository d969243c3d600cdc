import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { type ModelImport, modelImportSchema } from '@temper/db/contracts'
import type { ApiClient } from '../api/client.ts'
import { digestOf } from '../download-file.ts'

interface SendOptions {
  /** Called with how many bytes are there, of how many. */
  onProgress: (done: number, total: number) => void
  signal: AbortSignal
}

/** Sends the files of an import that are not there yet, and lets it begin. */
export async function sendFiles(
  api: ApiClient,
  { id, source, uploaded }: ModelImport,
  folder: string,
  { onProgress, signal }: SendOptions,
): Promise<void> {
  const files = source.type === 'files' ? source.files : []
  const total = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  let done = 0
  for (const { path, sizeBytes } of files) {
    const file = join(folder, path)
    const sha256 = await digestOf(file)
    const isThere = uploaded.some((other) => other.path === path && other.sha256 === sha256)
    if (!isThere) {
      const before = done
      const body = Readable.toWeb(
        Readable.from(
          counted(createReadStream(file), (bytes) => {
            onProgress(before + bytes, total)
          }),
        ),
      )
      await api.send(`/v1/imports/${id}/files/${path}?sha256=${sha256}`, { method: 'PUT', body, signal })
    }
    done += sizeBytes
    onProgress(done, total)
  }
  await api.post(`/v1/imports/${id}/start`, undefined, modelImportSchema)
}

async function* counted(bytes: AsyncIterable<Uint8Array>, onBytes: (bytes: number) => void) {
  let have = 0
  for await (const piece of bytes) {
    yield piece
    have += piece.length
    onBytes(have)
  }
}
