import { randomUUID } from 'node:crypto'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Works with an empty file that has no name any more, only its handle: the bytes are gone with the work, however it
 * ends, and with the process where that is killed.
 */
export async function withScratchFile<T>(work: (file: FileHandle) => Promise<T>): Promise<T> {
  const path = join(tmpdir(), `temper-upload-${randomUUID()}`)
  const file = await open(path, 'wx+', 0o600)
  try {
    await rm(path)
    return await work(file)
  } finally {
    await file.close()
  }
}
