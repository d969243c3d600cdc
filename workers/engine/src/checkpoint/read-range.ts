import { type FileHandle, open, stat } from 'node:fs/promises'
import { TemperError } from '@temper/db/contracts'

/** Opens a plain file: folders hold no weights, and a pipe would wait for ever. @throws TemperError invalid_checkpoint */
export async function openToRead(path: string): Promise<FileHandle> {
  try {
    if ((await stat(path)).isFile()) return await open(path, 'r')
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new TemperError('invalid_checkpoint', `${path} cannot be opened: ${reason}`, {
      cause,
      details: { file: path },
    })
  }
  throw new TemperError('invalid_checkpoint', `${path} is not a file`, { details: { file: path } })
}

/** Bytes `start` to `end`, in pieces: one read call returns at most 2 GB. @throws TemperError invalid_checkpoint */
export async function readRange(path: string, handle: FileHandle, start: number, end: number): Promise<Uint8Array> {
  const out = new Uint8Array(end - start)
  let done = 0
  while (done < out.byteLength) {
    const { bytesRead } = await handle.read(out, done, Math.min(out.byteLength - done, 2 ** 30), start + done)
    if (bytesRead === 0) throw new TemperError('invalid_checkpoint', `${path} ends before byte ${end}`)
    done += bytesRead
  }
  return out
}
