import { decodeQ2_K, decodeQ3_K, decodeQ4_K, decodeQ5_K, decodeQ6_K } from './k-blocks.ts'
import * as simple from './simple-blocks.ts'

/** How a tensor type stores values: rows of blocks. */
export interface BlockFormat {
  name: string
  /** Values of a block. */
  elements: number
  /** Bytes of a block. */
  bytes: number
  decode: simple.DecodeBlock
}

/** Tensor types that are read, by their number in GGUF. */
export const blockFormats: Record<number, BlockFormat> = {
  0: { name: 'F32', elements: 1, bytes: 4, decode: simple.decodeF32 },
  1: { name: 'F16', elements: 1, bytes: 2, decode: simple.decodeF16 },
  2: { name: 'Q4_0', elements: 32, bytes: 18, decode: simple.decodeQ4_0 },
  3: { name: 'Q4_1', elements: 32, bytes: 20, decode: simple.decodeQ4_1 },
  6: { name: 'Q5_0', elements: 32, bytes: 22, decode: simple.decodeQ5_0 },
  7: { name: 'Q5_1', elements: 32, bytes: 24, decode: simple.decodeQ5_1 },
  8: { name: 'Q8_0', elements: 32, bytes: 34, decode: simple.decodeQ8_0 },
  10: { name: 'Q2_K', elements: 256, bytes: 84, decode: decodeQ2_K },
  11: { name: 'Q3_K', elements: 256, bytes: 110, decode: decodeQ3_K },
  12: { name: 'Q4_K', elements: 256, bytes: 144, decode: decodeQ4_K },
  13: { name: 'Q5_K', elements: 256, bytes: 176, decode: decodeQ5_K },
  14: { name: 'Q6_K', elements: 256, bytes: 210, decode: decodeQ6_K },
  30: { name: 'BF16', elements: 1, bytes: 2, decode: simple.decodeBF16 },
}

/**
 * The float32 values of whole rows of blocks.
 * @param rowLength - values of a row, a multiple of the format's elements
 * @param targetRow - the row of the result in which a stored row belongs; its own by default
 */
export function dequantize(
  format: BlockFormat,
  bytes: Uint8Array,
  rowLength: number,
  targetRow: (storedRow: number) => number = (row) => row,
): Float32Array {
  const rowBytes = (rowLength / format.elements) * format.bytes
  const nRows = bytes.byteLength / rowBytes
  const out = new Float32Array(nRows * rowLength)
  for (let row = 0; row < nRows; row++) {
    let to = targetRow(row) * rowLength
    for (let at = row * rowBytes; at < (row + 1) * rowBytes; at += format.bytes) {
      format.decode(bytes, at, out, to)
      to += format.elements
    }
  }
  return out
}
