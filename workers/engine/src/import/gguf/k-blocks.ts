import { byteAt, type DecodeBlock, fp16At, int8At } from './simple-blocks.ts'

/**
 * Blocks of 256 values in which sub-blocks of 16 or 32 have quantised scales and minimums of their own. Value `i` is
 * number `i % 32` of lane `i / 32`. Two-bit parts of four lanes share 32 bytes, four-bit parts of two.
 */
const twoBits = (bytes: Uint8Array, at: number, lane: number, l: number) =>
  (byteAt(bytes, at + (lane >> 2) * 32 + l) >> (2 * (lane & 3))) & 3
const fourBits = (bytes: Uint8Array, at: number, lane: number, l: number) =>
  (byteAt(bytes, at + (lane >> 1) * 32 + l) >> (4 * (lane & 1))) & 15
/** One bit of every lane shares 32 bytes. */
const oneBit = (bytes: Uint8Array, at: number, lane: number, l: number) => (byteAt(bytes, at + l) >> lane) & 1

/** 16 × (scale, minimum) of 4 bits, 64 bytes of two-bit values, scale and minimum of the scales. */
export const decodeQ2_K: DecodeBlock = (bytes, at, out, to) => {
  const [scale, min] = [fp16At(bytes, at + 80), fp16At(bytes, at + 82)]
  for (let i = 0; i < 256; i++) {
    const packed = byteAt(bytes, at + (i >> 4))
    const step = Math.fround(scale * (packed & 15))
    const value = Math.fround(step * twoBits(bytes, at + 16, i >> 5, i & 31))
    out[to + i] = value - Math.fround(min * (packed >> 4))
  }
}

/** The third bits, 64 bytes of two-bit values, 16 scales of 6 bits, their scale; a value without its third bit is 4 less. */
export const decodeQ3_K: DecodeBlock = (bytes, at, out, to) => {
  const scale = fp16At(bytes, at + 108)
  for (let i = 0; i < 256; i++) {
    const step = Math.fround(scale * (q3Scale(bytes, at + 96, i >> 4) - 32))
    const [lane, l] = [i >> 5, i & 31]
    out[to + i] = step * (twoBits(bytes, at + 32, lane, l) - (oneBit(bytes, at, lane, l) ? 0 : 4))
  }
}

/** Scale `s` of 16: four low bits in the first 8 bytes, two high ones in the last 4. */
function q3Scale(bytes: Uint8Array, at: number, s: number): number {
  const low = (byteAt(bytes, at + (s & 7)) >> (s < 8 ? 0 : 4)) & 15
  return low | (((byteAt(bytes, at + 8 + (s & 3)) >> (2 * (s >> 2))) & 3) << 4)
}

/** Scale and minimum of the scales, 8 × (scale, minimum) of 6 bits, 128 bytes of four-bit values. */
export const decodeQ4_K: DecodeBlock = (bytes, at, out, to) => {
  decodeLanes(bytes, at, out, to, (lane, l) => fourBits(bytes, at + 16, lane, l))
}

/** As Q4_K, with 32 bytes of fifth bits before the values. */
export const decodeQ5_K: DecodeBlock = (bytes, at, out, to) => {
  decodeLanes(bytes, at, out, to, (lane, l) => {
    return fourBits(bytes, at + 48, lane, l) | (oneBit(bytes, at + 16, lane, l) << 4)
  })
}

type LaneValue = (lane: number, l: number) => number

function decodeLanes(bytes: Uint8Array, at: number, out: Float32Array, to: number, valueAt: LaneValue): void {
  const [scale, min] = [fp16At(bytes, at), fp16At(bytes, at + 2)]
  for (let lane = 0; lane < 8; lane++) {
    const step = Math.fround(scale * sixBits(bytes, at + 4, lane, 0))
    const offset = Math.fround(min * sixBits(bytes, at + 4, lane, 4))
    for (let l = 0; l < 32; l++) out[to + 32 * lane + l] = Math.fround(step * valueAt(lane, l)) - offset
  }
}

/**
 * Scale (`part` 0) or minimum (`part` 4) of a lane: the first four lanes have a byte each, whose two spare high bits
 * complete the four-bit parts that the last four lanes share.
 */
function sixBits(bytes: Uint8Array, at: number, lane: number, part: 0 | 4): number {
  if (lane < 4) return byteAt(bytes, at + lane + part) & 63
  const low = (byteAt(bytes, at + lane + 4) >> part) & 15
  return low | ((byteAt(bytes, at + lane - 4 + part) >> 2) & 48)
}

/** 128 bytes of low four bits, 64 of high two, 16 × int8 scales, their scale; values from -32. */
export const decodeQ6_K: DecodeBlock = (bytes, at, out, to) => {
  const scale = fp16At(bytes, at + 208)
  for (let i = 0; i < 256; i++) {
    const [lane, l] = [i >> 5, i & 31]
    const step = Math.fround(scale * int8At(bytes, at + 192 + (i >> 4)))
    // Four-bit parts: lanes 0 and 2 share the first 32 bytes, 1 and 3 the next, and so on.
    const low = byteAt(bytes, at + (lane >> 2) * 64 + (lane & 1) * 32 + l) >> (2 * (lane & 2))
    out[to + i] = step * (((low & 15) | (twoBits(bytes, at + 128, lane, l) << 4)) - 32)
  }
}
