import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { afterAll, expect, it } from 'vitest'
import { tf } from '../../runtime/tf.ts'
import { TracedProgram } from '../traced-program.ts'
import { notBefore } from './not-before.ts'

const program = new TracedProgram()
afterAll(() => program.close())

const feeds = { x: Float32Array.from({ length: 100 * 100 }, (_, i) => Math.sin(i)) }

/** Products that TensorFlow runs for x², its sum, and x² once more of what `again` makes of x. */
async function productsOf(name: string, again: (x: Tensor, first: Tensor) => Tensor) {
  const spec = { inputs: { x: { shape: [100, 100], dtype: 'float32' } } } as const
  const run = program.define(name, spec, (_, { x }) => {
    const first = tf.matMul(x, x).sum()
    return { out: tf.matMul(again(x, first), x).sub(first) }
  })
  const { out } = await run(feeds)
  const { times } = await program.profile(name, feeds)
  return { out: Array.from(out.data), products: times.find(({ op }) => op === 'MatMul')?.count }
}

it('has what was computed before computed again, to the same values', async () => {
  const merged = await productsOf('merged', (x) => x)
  const apart = await productsOf('apart', notBefore)
  expect([merged.products, apart.products]).toEqual([1, 2])
  expect(apart.out).toEqual(merged.out)
})

it('is the tensor itself in eager code', () => {
  tf.tidy(() => {
    const x = tf.ones([2])
    expect(notBefore(x, tf.ones([1]))).toBe(x)
  })
})
