import { openToRead, readRange } from '../../checkpoint/read-range.ts'
import { dequantize } from './block-formats.ts'
import { type GgufHeader, type GgufTensor, parseGgufHeader } from './gguf-header.ts'

/** Vocabulary, merges and names of the largest models take a tenth of it. */
const maxHeaderBytes = 100_000_000

/** An open GGUF file, read tensor by tensor. Close it after use. */
export interface GgufFile extends GgufHeader {
  readonly path: string
  /** De-quantised values; stored row r of a matrix becomes row `targetRow(r)`. */
  float32(tensor: GgufTensor, targetRow?: (storedRow: number) => number): Promise<Float32Array>
  close(): Promise<void>
}

/**
 * Opens and validates a GGUF file; reads only its header.
 * @throws TemperError invalid_checkpoint or unsupported with file, tensor and rule
 */
export async function openGguf(path: string): Promise<GgufFile> {
  const handle = await openToRead(path)
  try {
    const { size } = await handle.stat()
    const header = parseGgufHeader(path, await readRange(path, handle, 0, Math.min(size, maxHeaderBytes)), size)
    return {
      ...header,
      path,
      float32: async ({ format, shape, start, end }, targetRow) =>
        dequantize(format, await readRange(path, handle, start, end), shape.at(-1) ?? 0, targetRow),
      close: () => handle.close(),
    }
  } catch (error) {
    await handle.close()
    throw error
  }
}
