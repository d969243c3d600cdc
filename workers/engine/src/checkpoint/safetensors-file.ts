import { type FileHandle, open } from 'node:fs/promises'
import { TemperError } from '@temper/db/contracts'
import { toFloat32 } from './dtypes.ts'
import { headerLength, parseHeader, type SafetensorsHeader } from './safetensors-header.ts'

/** An open safetensors file, read tensor by tensor. Close it after use. */
export interface SafetensorsFile extends SafetensorsHeader {
  readonly path: string
  /** Little-endian bytes as stored. */
  bytes(name: string): Promise<Uint8Array>
  /** Values as float32, whatever they are stored as. */
  float32(name: string): Promise<Float32Array>
  close(): Promise<void>
}

/**
 * Opens and validates a safetensors file; reads only its header.
 * @throws TemperError invalid_checkpoint with file, tensor, rule and both values
 */
export async function openSafetensors(path: string): Promise<SafetensorsFile> {
  const handle = await openToRead(path)
  try {
    return fileOf(path, handle, await readHeader(path, handle))
  } catch (error) {
    await handle.close()
    throw error
  }
}

async function openToRead(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r')
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new TemperError('invalid_checkpoint', `${path} cannot be opened: ${reason}`, {
      cause,
      details: { file: path },
    })
  }
}

async function readHeader(path: string, handle: FileHandle): Promise<SafetensorsHeader> {
  const { size } = await handle.stat()
  const first8 = await readRange(path, handle, 0, Math.min(8, size))
  const length = headerLength(path, first8, size)
  const json = await readRange(path, handle, 8, 8 + length)
  return parseHeader(path, Buffer.from(json.buffer).toString('utf8'), size)
}

function fileOf(path: string, handle: FileHandle, header: SafetensorsHeader): SafetensorsFile {
  const entryOf = (name: string) => {
    const entry = header.tensors.get(name)
    if (entry) return entry
    throw new TemperError('invalid_checkpoint', `${path}: there is no tensor "${name}"`, { details: { path, name } })
  }
  const bytes = (name: string) => readRange(path, handle, entryOf(name).start, entryOf(name).end)
  return {
    ...header,
    path,
    bytes,
    float32: async (name) => toFloat32(await bytes(name), entryOf(name).dtype),
    close: () => handle.close(),
  }
}

/** Bytes `start` to `end`, in pieces: one read call returns at most 2 GB. */
async function readRange(path: string, handle: FileHandle, start: number, end: number): Promise<Uint8Array> {
  const out = new Uint8Array(end - start)
  let done = 0
  while (done < out.byteLength) {
    const { bytesRead } = await handle.read(out, done, Math.min(out.byteLength - done, 2 ** 30), start + done)
    if (bytesRead === 0) throw new TemperError('invalid_checkpoint', `${path} ends before byte ${end}`)
    done += bytesRead
  }
  return out
}
