import { expect, it } from 'vitest'
import { tf } from '../runtime/tf.ts'
import { TracedProgram } from './index.ts'

/** Numbers through bf16 and back: a product with 1 in it. */
async function throughBf16(values: Float32Array, kernels: boolean): Promise<number[]> {
  const program = new TracedProgram({ kernels })
  const inputs = { x: { shape: [values.length, 1], dtype: 'float32' as const } }
  const run = program.define('run', { inputs, precision: 'bf16' }, (_, { x }) => ({ y: tf.matMul(x, tf.ones([1, 1])) }))
  const { y } = await run({ x: values })
  program.close()
  return Array.from(y.data)
}

it('rounds to bf16 as TensorFlow does: to nearest, ties to even, and what is no number stays none', async () => {
  const [tie, odd] = [1 + 2 ** -8, 1 + 3 * 2 ** -8] // halfway between two neighbours of bf16
  const ends = [0, -0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN, 3.4e38, -1e30, 1e-30]
  const many = Array.from({ length: 70_000 }, (_, i) => Math.sin(i) * 10 ** ((i % 40) - 20))
  const bits = new Float32Array(Uint32Array.of(0x7fffffff, 0xffffffff, 0x7f800001).buffer) // NaN, whatever its bits
  const values = Float32Array.of(tie, odd, ...ends, ...bits, ...many)
  const own = await throughBf16(values, true)
  expect(own.slice(0, 2)).toEqual([1, 1 + 2 ** -6])
  expect(own.slice(10, 13)).toEqual([Number.NaN, Number.NaN, Number.NaN])
  expect(own).toEqual(await throughBf16(values, false))
})
