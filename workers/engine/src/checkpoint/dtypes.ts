import { roundToBf16, widenBf16, widenFp16 } from './half-floats.ts'

/** Element types of the safetensors format that Temper reads, with their width. */
export const dtypeBytes = { F64: 8, F32: 4, F16: 2, BF16: 2, I64: 8, I32: 4, I16: 2, I8: 1, U8: 1, BOOL: 1 } as const
export type StoredDtype = keyof typeof dtypeBytes

/** Little-endian bytes of one tensor as float32. Integers beyond 2^24 lose their last bits, as in any float32. */
export function toFloat32(bytes: Uint8Array, dtype: StoredDtype): Float32Array {
  switch (dtype) {
    case 'F32':
      return new Float32Array(aligned(bytes))
    case 'BF16':
      return widenBf16(new Uint16Array(aligned(bytes)))
    case 'F16':
      return widenFp16(new Uint16Array(aligned(bytes)))
    case 'F64':
      return Float32Array.from(new Float64Array(aligned(bytes)))
    case 'I64':
      return Float32Array.from(new BigInt64Array(aligned(bytes)), Number)
    case 'I32':
      return Float32Array.from(new Int32Array(aligned(bytes)))
    case 'I16':
      return Float32Array.from(new Int16Array(aligned(bytes)))
    case 'I8':
      return Float32Array.from(new Int8Array(aligned(bytes)))
    case 'U8':
    case 'BOOL':
      return Float32Array.from(bytes)
  }
}

/** What Temper writes: float32 and int32 as they are, or float32 rounded to the nearest bfloat16 (ties to even). */
export function fromValues(values: Float32Array | Int32Array, dtype: 'F32' | 'I32' | 'BF16'): Uint8Array {
  const stored = dtype === 'BF16' ? roundToBf16(Float32Array.from(values)) : values
  return new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength)
}

/** A typed array needs an offset that its width divides: a copy has offset 0. */
function aligned(bytes: Uint8Array): ArrayBuffer {
  const whole = bytes.byteOffset === 0 && bytes.byteLength === bytes.buffer.byteLength
  return (whole ? bytes.buffer : bytes.slice().buffer) as ArrayBuffer
}
