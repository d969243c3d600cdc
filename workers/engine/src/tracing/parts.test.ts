import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { afterEach, describe, expect, it } from 'vitest'
import { random } from '../random.ts'
import { loadKernels, tf } from '../runtime/index.ts'
import { EagerProgram, gradients, type Program, packedAttention, TracedProgram } from './index.ts'

const opened: Program[] = []
afterEach(() => {
  for (const program of opened.splice(0)) program.close()
})

const [batch, length, headDim] = [2, 70, 8]

interface Example {
  heads: number
  kvHeads: number
  /** Places of queries, keys and values among the parts. */
  order?: [number, number, number]
}

/** Attention of parts of one projection, its gradient, and the operations it took. */
async function attendParts(program: Program, { heads, kvHeads, order = [0, 1, 2] }: Example) {
  opened.push(program)
  const sizes = [0, 1, 2].map((place) => (order[0] === place ? heads : kvHeads) * headDim)
  const width = (heads + 2 * kvHeads) * headDim
  const spec = {
    joined: { shape: [batch, length, width], dtype: 'float32' },
    dOut: { shape: [batch, heads, length, headDim], dtype: 'float32' },
    segments: { shape: [batch, length], dtype: 'int32' },
    positions: { shape: [batch, length], dtype: 'int32' },
  } as const
  const run = program.define('attend', { inputs: spec }, (_, { joined, dOut, ...places }) => {
    const attend = () => {
      const parts = tf.split(joined, sizes, -1)
      const [q, k, v] = order.map((place, i) => {
        const count = i === 0 ? heads : kvHeads
        return tf.transpose(tf.reshape(parts[place] as Tensor, [batch, length, count, headDim]), [0, 2, 1, 3])
      }) as [Tensor, Tensor, Tensor]
      return packedAttention({ q, k, v, ...places })
    }
    const { grads } = gradients(() => attend().mul(dOut).sum(), { joined })
    return { out: attend(), gradient: grads.joined as Tensor }
  })
  const drawn = (seed: number, size: number) => Float32Array.from({ length: size }, (_, i) => random(seed, i) * 4 - 2)
  const feeds = {
    joined: drawn(1, batch * length * width),
    dOut: drawn(2, batch * heads * length * headDim),
    segments: Int32Array.from({ length: batch * length }, () => 1),
    positions: Int32Array.from({ length: batch * length }, (_, i) => i % length),
  }
  const operations =
    program instanceof TracedProgram ? (await program.profile('attend', feeds)).times.map(({ op }) => op) : []
  return { ...(await run(feeds)), operations }
}

describe.skipIf(!loadKernels())('attention of parts of one projection', () => {
  it.each<[string, Example, moved: boolean]>([
    ['queries, keys and values', { heads: 4, kvHeads: 4 }, false],
    ['queries that share keys', { heads: 4, kvHeads: 2 }, false],
    ['parts in another order', { heads: 2, kvHeads: 2, order: [2, 0, 1] }, true],
  ])('gives what eager tfjs does, without moving them where it can: %s', async (_, example, moved) => {
    const own = await attendParts(new TracedProgram(), example)
    const eager = await attendParts(new EagerProgram(), example)
    expect(own.operations.filter((op) => op === 'SplitV' || op === 'ConcatV2').length > 0).toBe(moved)
    for (const [i, value] of eager.out.data.entries()) expect(own.out.data[i]).toBeCloseTo(value, 5)
    for (const [i, value] of eager.gradient.data.entries()) expect(own.gradient.data[i]).toBeCloseTo(value, 4)
  })
})
