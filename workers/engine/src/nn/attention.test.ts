import { describe, expect, it } from 'vitest'
import { tf } from '../runtime/tf.ts'
import { attention, packedCausalAttention, packedCausalMask } from './attention.ts'

const segments = (rows: number[][]) => tf.tensor2d(rows, undefined, 'int32')

/** Deviates by seed, of a shape. */
const noise = (shape: number[], seed: number) => tf.randomNormal(shape, 0, 1, 'float32', seed)

describe('packedCausalMask', () => {
  it('lets a token see itself and earlier tokens of its segment', () => {
    const seen = tf.tidy(() =>
      packedCausalMask(segments([[1, 1, 2, 2, 0]]))
        .equal(0)
        .cast('int32')
        .arraySync(),
    )
    expect(seen).toEqual([
      [
        [
          [1, 0, 0, 0, 0], // segment 1
          [1, 1, 0, 0, 0],
          [0, 0, 1, 0, 0], // segment 2
          [0, 0, 1, 1, 0],
          [0, 0, 0, 0, 1], // padding
        ],
      ],
    ])
  })
})

describe('packedCausalAttention', () => {
  it('gives packed sequences what they get alone', () => {
    const [packed, alone] = tf.tidy(() => {
      const [q, k, v] = [noise([1, 2, 5, 4], 1), noise([1, 2, 5, 4], 2), noise([1, 2, 5, 4], 3)] as const
      const second = (x: typeof q) => x.slice([0, 0, 2, 0], [1, 2, 3, 4])
      const together = packedCausalAttention(segments([[1, 1, 2, 2, 2]]))(0, q, k, v)
      const separate = packedCausalAttention(segments([[1, 1, 1]]))(0, second(q), second(k), second(v))
      return [second(together).dataSync(), separate.dataSync()]
    })
    for (const [i, value] of Array.from(alone ?? []).entries()) expect(packed?.[i]).toBeCloseTo(value, 5)
  })

  it('stays finite, with finite gradients, in rows of padding', () => {
    const finite = tf.tidy(() => {
      const attend = packedCausalAttention(segments([[0, 0, 0]]))
      const v = noise([1, 1, 3, 2], 3)
      const { value, grad } = tf.valueAndGrad((q) => attend(0, q, q, v).sum())(noise([1, 1, 3, 2], 1))
      return [...value.dataSync(), ...grad.dataSync()].every(Number.isFinite)
    })
    expect(finite).toBe(true)
  })
})

describe('attention', () => {
  it('shares keys and values between heads of a group as if they were repeated', () => {
    const [grouped, repeated] = tf.tidy(() => {
      const q = noise([2, 4, 3, 8], 1)
      const [k, v] = [noise([2, 2, 3, 8], 2), noise([2, 2, 3, 8], 3)] as const
      const mask = packedCausalMask(
        segments([
          [1, 1, 1],
          [1, 1, 2],
        ]),
      )
      // heads 0 and 1 use key head 0, heads 2 and 3 key head 1
      const repeat = (x: typeof k) => tf.gather(x, tf.tensor1d([0, 0, 1, 1], 'int32'), 1)
      return [attention(q, k, v, mask).dataSync(), attention(q, repeat(k), repeat(v), mask).dataSync()]
    })
    for (const [i, value] of Array.from(repeated ?? []).entries()) expect(grouped?.[i]).toBeCloseTo(value, 5)
  })

  it('averages values evenly where all scores are equal', () => {
    const mixed = tf.tidy(() => {
      const v = tf.tensor([1, 2, 6], [1, 1, 3, 1])
      const mask = packedCausalMask(segments([[1, 1, 1]]))
      return attention(tf.zeros([1, 1, 3, 1]), tf.ones([1, 1, 3, 1]), v, mask).dataSync()
    })
    expect(Array.from(mixed)).toEqual([1, 1.5, 3])
  })
})
