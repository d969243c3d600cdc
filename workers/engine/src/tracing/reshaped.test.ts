import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { afterEach, expect, it } from 'vitest'
import { tf } from '../runtime/tf.ts'
import { TracedProgram } from './index.ts'

let program: TracedProgram
afterEach(() => program.close())

const inputs = { x: { shape: [2, 12], dtype: 'float32' as const } }
const x = Float32Array.from({ length: 24 }, (_, i) => i)

/** What comes of x, and how often each operation ran for it. */
async function run(body: (x: Tensor) => Tensor) {
  program = new TracedProgram()
  const call = program.define('run', { inputs }, (_, given) => ({ y: body(given.x) }))
  const { times } = await program.profile('run', { x })
  const counts = Object.fromEntries(times.map(({ op, count }) => [op, count]))
  return { y: (await call({ x })).y, reshapes: counts.Reshape ?? 0, casts: counts.Cast ?? 0 }
}

it('makes a shape of a shape in one go', async () => {
  const { y, reshapes } = await run((x) => tf.neg(x.reshape([24]).reshape([4, 6]).expandDims(1)))
  expect(y.shape).toEqual([4, 1, 6])
  expect(Array.from(y.data)).toEqual(Array.from(x, (value) => -value))
  expect(reshapes).toBe(1)
})

it('moves nothing for what gets its first shape again', async () => {
  const { reshapes } = await run((x) => tf.neg(x.reshape([3, 8]).reshape([2, 12])))
  expect(reshapes).toBe(0)
})

it('casts what comes in several shapes once', async () => {
  const { y, casts } = await run((x) => {
    const [rows, columns] = [[4, 6] as const, [6, 4] as const].map((shape) => x.reshape([...shape]).cast('int32'))
    return tf.add((rows as Tensor).reshape([24]), (columns as Tensor).reshape([24]))
  })
  expect(Array.from(y.data)).toEqual(Array.from(x, (value) => 2 * value))
  expect(casts).toBe(1)
})
