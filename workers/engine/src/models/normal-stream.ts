import { random } from '../random.ts'

/**
 * Standard normal deviates one after another, many times faster than drawing each by its counters: xoshiro128**
 * (Blackman and Vigna, 2018) seeded by `seed` and `stream`, and Box and Muller's transform.
 */
export function normalStream(seed: number, stream: number): () => number {
  const next = xoshiro([0, 1, 2, 3].map((word) => random(seed, stream, word) * 2 ** 32))
  let spare: number | undefined
  return () => {
    if (spare !== undefined) {
      const deviate = spare
      spare = undefined
      return deviate
    }
    const radius = Math.sqrt(-2 * Math.log(1 - next() / 2 ** 32))
    const angle = (2 * Math.PI * next()) / 2 ** 32
    spare = radius * Math.sin(angle)
    return radius * Math.cos(angle)
  }
}

/** Uniform 32-bit integers from four words of state. */
function xoshiro(state: number[]): () => number {
  let [a, b, c, d] = state.map((word) => word | 0) as [number, number, number, number]
  return () => {
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9)
    const shifted = b << 9
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= shifted
    d = rotate(d, 11)
    return result >>> 0
  }
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits))
}
