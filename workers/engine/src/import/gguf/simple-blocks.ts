import { fp16Value } from '../../checkpoint/half-floats.ts'

/**
 * Writes the values of the block at byte `at` to `out` from index `to`. Products and sums are rounded to float32 one by
 * one, as ggml does.
 */
export type DecodeBlock = (bytes: Uint8Array, at: number, out: Float32Array, to: number) => void

export const byteAt = (bytes: Uint8Array, at: number) => bytes[at] as number
export const fp16At = (bytes: Uint8Array, at: number) => fp16Value(byteAt(bytes, at) | (byteAt(bytes, at + 1) << 8))
export const int8At = (bytes: Uint8Array, at: number) => (byteAt(bytes, at) << 24) >> 24

const word = new Uint32Array(1)
const float = new Float32Array(word.buffer)

function fromBits(bits: number): number {
  word[0] = bits
  return float[0] as number
}

export const decodeF32: DecodeBlock = (bytes, at, out, to) => {
  const low = byteAt(bytes, at) | (byteAt(bytes, at + 1) << 8)
  out[to] = fromBits(low | (byteAt(bytes, at + 2) << 16) | (byteAt(bytes, at + 3) << 24))
}

export const decodeF16: DecodeBlock = (bytes, at, out, to) => {
  out[to] = fp16At(bytes, at)
}

export const decodeBF16: DecodeBlock = (bytes, at, out, to) => {
  out[to] = fromBits((byteAt(bytes, at) << 16) | (byteAt(bytes, at + 1) << 24))
}

/** Scale (fp16), 32 × int8. */
export const decodeQ8_0: DecodeBlock = (bytes, at, out, to) => {
  const scale = fp16At(bytes, at)
  for (let i = 0; i < 32; i++) out[to + i] = scale * int8At(bytes, at + 2 + i)
}

/** Value `i` of 32 four-bit ones: the low halves of 16 bytes, then the high ones. */
const nibble = (bytes: Uint8Array, at: number, i: number) => (byteAt(bytes, at + (i & 15)) >> (i < 16 ? 0 : 4)) & 15
/** Bit `i` of 32, lowest first. */
const bit = (bytes: Uint8Array, at: number, i: number) => (byteAt(bytes, at + (i >> 3)) >> (i & 7)) & 1

/** Scale, 16 bytes; values from -8. */
export const decodeQ4_0: DecodeBlock = (bytes, at, out, to) => {
  const scale = fp16At(bytes, at)
  for (let i = 0; i < 32; i++) out[to + i] = scale * (nibble(bytes, at + 2, i) - 8)
}

/** Scale, minimum, 16 bytes. */
export const decodeQ4_1: DecodeBlock = (bytes, at, out, to) => {
  const [scale, min] = [fp16At(bytes, at), fp16At(bytes, at + 2)]
  for (let i = 0; i < 32; i++) out[to + i] = Math.fround(scale * nibble(bytes, at + 4, i)) + min
}

/** Scale, the fifth bits, 16 bytes; values from -16. */
export const decodeQ5_0: DecodeBlock = (bytes, at, out, to) => {
  const scale = fp16At(bytes, at)
  for (let i = 0; i < 32; i++) {
    out[to + i] = scale * ((nibble(bytes, at + 6, i) | (bit(bytes, at + 2, i) << 4)) - 16)
  }
}

/** Scale, minimum, the fifth bits, 16 bytes. */
export const decodeQ5_1: DecodeBlock = (bytes, at, out, to) => {
  const [scale, min] = [fp16At(bytes, at), fp16At(bytes, at + 2)]
  for (let i = 0; i < 32; i++) {
    out[to + i] = Math.fround(scale * (nibble(bytes, at + 8, i) | (bit(bytes, at + 4, i) << 4))) + min
  }
}
