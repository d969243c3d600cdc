import type { Tensor, Variable } from '@tensorflow/tfjs-node-gpu'
import { afterEach, expect, it } from 'vitest'
import { random } from '../random.ts'
import { tf } from '../runtime/tf.ts'
import { TracedProgram } from './index.ts'

const programs: TracedProgram[] = []
afterEach(() => {
  for (const program of programs.splice(0)) program.close()
})

const shape = [5, 40] as const
/** Rows of different sizes, one of zeros. */
const sizes = [1, 100, 0.001, 0, 7]
const matrix = Float32Array.from(sizes.flatMap((size, row) => Array.from({ length: 40 }, (_, i) => size * (random(1, row, i) - 0.5)))) // biome-ignore format: one formula

async function programWith(data?: Float32Array, kernels = true) {
  const program = new TracedProgram({ kernels })
  programs.push(program)
  await program.addVariables({ w: { shape, dtype: 'float32', storage: 'int8', data } })
  return program
}

function expectRounded(actual: ArrayLike<number>, expected: Float32Array) {
  for (let row = 0; row < 5; row++) {
    const values = expected.subarray(row * 40, (row + 1) * 40)
    const most = Math.max(...values.map(Math.abs))
    const off = Math.max(...values.map((value, i) => Math.abs(value - (actual[row * 40 + i] ?? Number.NaN))))
    expect(off).toBeLessThanOrEqual((most / 127) * 0.501)
  }
}

it('keeps each number to half a 127th of the largest of its row, and rows of zeros', async () => {
  const program = await programWith(matrix)
  const { w } = await program.read(['w'])
  expectRounded(w as Float32Array, matrix)
  expect(Array.from((w as Float32Array).subarray(120, 160))).toEqual(Array(40).fill(0))
  expect(program.shapeOf('w')).toEqual([5, 40])
})

it('holds zeros until it is written, and what is written then', async () => {
  const program = await programWith()
  expect(Array.from((await program.read(['w'])).w as Float32Array)).toEqual(Array(200).fill(0))
  await program.write({ w: matrix })
  expectRounded((await program.read(['w'])).w as Float32Array, matrix)
})

it.each([true, false])('is gathered from and used whole as what is read of it (our kernels: %s)', async (kernels) => {
  const program = await programWith(matrix, kernels)
  const run = program.define('run', { inputs: {} }, ({ w }) => ({
    some: tf.gather(w as Tensor, tf.tensor2d([[4, 0], [2, 1]], [2, 2], 'int32')), // biome-ignore format: a table
    whole: tf.mul(w as Tensor, 2),
  }))
  const [{ some, whole }, { w }] = [await run({}), await program.read(['w'])]
  const rows = [4, 0, 2, 1].flatMap((row) => Array.from((w as Float32Array).subarray(row * 40, (row + 1) * 40)))
  expect(Array.from(some.data)).toEqual(rows)
  expect(some.shape).toEqual([2, 2, 40])
  expect(Array.from(whole.data)).toEqual(Array.from(w as Float32Array, (value) => Math.fround(value * 2)))
})

it('leaves nothing behind when it is removed', async () => {
  const program = await programWith(matrix)
  await program.removeVariables(['w'])
  await expect(program.read(['w'])).rejects.toThrow('no variable named w')
  await program.addVariables({ w: { shape, dtype: 'float32', storage: 'int8', data: matrix } })
})

it('is refused for anything but matrices that stay as they are', async () => {
  const program = await programWith(matrix)
  const add = (spec: object) =>
    program.addVariables({ x: { shape: [4, 4], dtype: 'float32', storage: 'int8', ...spec } })
  for (const spec of [{ shape: [16] }, { dtype: 'int32' }, { inPlace: true }]) {
    await expect(add(spec)).rejects.toThrow('x: only matrices of float32 that nothing changes are kept in int8')
  }
  const change = program.define('change', { inputs: {} }, ({ w }) => {
    const weights = w as Variable
    weights.assign(tf.mul(weights, 2))
    return { weights }
  })
  await expect(change({})).rejects.toThrow('w is kept in int8, which no function changes')
})
