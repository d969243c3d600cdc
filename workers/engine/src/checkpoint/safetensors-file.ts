import type { FileHandle } from 'node:fs/promises'
import { TemperError } from '@temper/db/contracts'
import { toFloat32 } from './dtypes.ts'
import { openToRead, readRange } from './read-range.ts'
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

async function readHeader(path: string, handle: FileHandle): Promise<SafetensorsHeader> {
  const { size } = await handle.stat()
  const first8 = await readRange(path, handle, 0, Math.min(8, size))
  const length = headerLength(path, first8, size)
  const json = await readRange(path, handle, 8, 8 + length)
  return parseHeader(path, json, size)
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
