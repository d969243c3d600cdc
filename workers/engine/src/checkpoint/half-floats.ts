/** bfloat16 is the upper half of a float32: widening only shifts. */
export function widenBf16(stored: Uint16Array): Float32Array {
  const bits = new Uint32Array(stored.length)
  for (let i = 0; i < stored.length; i++) bits[i] = (stored[i] ?? 0) << 16
  return new Float32Array(bits.buffer)
}

/** Nearest bfloat16, ties to even; infinities and NaN keep their kind. */
export function roundToBf16(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length)
  const out = new Uint16Array(values.length)
  for (let i = 0; i < bits.length; i++) {
    const word = bits[i] ?? 0
    const nan = (word & 0x7fffffff) > 0x7f800000
    // Adding just under half a unit, plus the last kept bit, carries over exactly when the value must be rounded up.
    out[i] = nan ? (word >>> 16) | 0x40 : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16
  }
  return out
}

/** IEEE half precision: 1 sign, 5 exponent (bias 15), 10 fraction bits; every value is exact in float32. */
export function widenFp16(stored: Uint16Array): Float32Array {
  const table = fp16Table()
  const out = new Float32Array(stored.length)
  for (let i = 0; i < stored.length; i++) out[i] = table[stored[i] ?? 0] ?? 0
  return out
}

/** Value of one half-precision number by its bits. */
export function fp16Value(bits: number): number {
  return fp16Table()[bits] ?? 0
}

let cachedTable: Float32Array | undefined

/** All 65,536 half-precision values, made once. */
function fp16Table(): Float32Array {
  cachedTable ??= Float32Array.from({ length: 65_536 }, (_, half) => halfValue(half))
  return cachedTable
}

function halfValue(half: number): number {
  const sign = half & 0x8000 ? -1 : 1
  const exponent = (half >>> 10) & 0x1f
  const fraction = half & 0x3ff
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}
