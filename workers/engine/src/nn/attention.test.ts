import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { describe, expect, it } from 'vitest'
import { tf } from '../runtime/tf.ts'
import { attention, packedCausalAttention } from './attention.ts'

/** Rows of segments whose positions count from 0. */
const packed = (rows: number[][]) => ({
  segments: tf.tensor2d(rows, undefined, 'int32'),
  positions: tf.tensor2d(
    rows.map((row) => row.map((segment, i) => i - row.indexOf(segment))),
    undefined,
    'int32',
  ),
})

const none = () => tf.zeros([1, 1, 1, 1])

/** Deviates by seed, of a shape. */
const noise = (shape: number[], seed: number) => tf.randomNormal(shape, 0, 1, 'float32', seed)

describe('packedCausalAttention', () => {
  it('gives packed sequences what they get alone', () => {
    const [together, alone] = tf.tidy(() => {
      const [q, k, v] = [noise([1, 2, 5, 4], 1), noise([1, 2, 5, 4], 2), noise([1, 2, 5, 4], 3)] as const
      const second = (x: typeof q) => x.slice([0, 0, 2, 0], [1, 2, 3, 4])
      const both = packedCausalAttention(packed([[1, 1, 2, 2, 2]]))(0, q, k, v)
      const separate = packedCausalAttention(packed([[1, 1, 1]]))(0, second(q), second(k), second(v))
      return [second(both).dataSync(), separate.dataSync()]
    })
    for (const [i, value] of Array.from(alone ?? []).entries()) expect(together?.[i]).toBeCloseTo(value, 5)
  })

  it('lets a token see itself and earlier tokens of its segment, and padding itself alone', () => {
    const mixed = tf.tidy(() => {
      const v = tf.tensor([1, 3, 10, 20, 30, 7, 9], [1, 1, 7, 1])
      const rows = packed([[1, 1, 2, 2, 2, 0, 0]])
      return packedCausalAttention(rows)(0, tf.zeros([1, 1, 7, 1]), tf.ones([1, 1, 7, 1]), v).dataSync()
    })
    expect(Array.from(mixed)).toEqual([1, 2, 10, 15, 20, 7, 9])
  })

  it('lets two completions see their prompt and not each other', () => {
    const mixed = tf.tidy(() => {
      const [segments, parents, positions] = [
        [1, 1, 2, 2, 3],
        [1, 1, 1, 1, 1],
        [0, 1, 2, 3, 2],
      ].map((row) => tf.tensor2d([row], undefined, 'int32')) as [Tensor, Tensor, Tensor]
      const v = tf.tensor([2, 4, 12, 30, 90], [1, 1, 5, 1])
      const attend = (window?: number) =>
        packedCausalAttention({ segments, parents, positions })(0, tf.zeros([1, 1, 5, 1]), tf.ones([1, 1, 5, 1]), v, window) // biome-ignore format: one call
      return [attend().dataSync(), attend(2).dataSync()].map((values) => Array.from(values))
    })
    expect(mixed).toEqual([
      [2, 3, 6, 12, 32],
      [2, 3, 8, 21, 47], // of two positions
    ])
  })

  it('refuses rows that do not fit', () => {
    expect(() => packedCausalAttention(packed([[1, 1]]))(0, none(), none(), none())).toThrow('segments int32 [1,2]')
  })

  it('stays finite, with finite gradients, in rows of padding', () => {
    const finite = tf.tidy(() => {
      const attend = packedCausalAttention(packed([[0, 0, 0]]))
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
      const mask = tf.tensor([0, 1e9, 1e9, 0, 0, 1e9, 0, 1e9, 0], [1, 1, 3, 3])
      // heads 0 and 1 use key head 0, heads 2 and 3 key head 1
      const repeat = (x: typeof k) => tf.gather(x, tf.tensor1d([0, 0, 1, 1], 'int32'), 1)
      return [attention(q, k, v, mask).dataSync(), attention(q, repeat(k), repeat(v), mask).dataSync()]
    })
    for (const [i, value] of Array.from(repeated ?? []).entries()) expect(grouped?.[i]).toBeCloseTo(value, 5)
  })

  it('averages values evenly where all scores are equal', () => {
    const mixed = tf.tidy(() => {
      const v = tf.tensor([1, 2, 6], [1, 1, 3, 1])
      return attention(tf.zeros([1, 1, 3, 1]), tf.ones([1, 1, 3, 1]), v, none()).dataSync()
    })
    expect(Array.from(mixed)).toEqual([3, 3, 3])
  })
})
