import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { describe, expect, it } from 'vitest'
import { random } from '../../random.ts'
import { multipliesPairs, tf } from '../../runtime/index.ts'
import { TracedProgram } from '../traced-program.ts'

type Sizes = [rows: number, inner: number, columns: number]
type Form = 'plain' | 'transposeA' | 'transposeB'

/** More rows than streamed products take; strips, panels, blocks and lanes that are not whole; a sum of two parts. */
const sizes: Sizes[] = [[65, 16, 17], [71, 33, 96], [130, 100, 49], [66, 2051, 31], [700, 20, 40], [65, 1, 50]] // biome-ignore format: one table

const drawn = (seed: number, size: number) => Float32Array.from({ length: size }, (_, i) => random(seed, i, 0) * 2 - 1)

/** Rounds to bf16, ties to even. */
function rounded(x: number): number {
  const bits = new Uint32Array(Float32Array.of(x).buffer)
  bits[0] = ((bits[0] ?? 0) + 0x7fff + (((bits[0] ?? 0) >>> 16) & 1)) & 0xffff0000
  return new Float32Array(bits.buffer)[0] ?? 0
}

/** a (rows, inner) times b (inner, columns), each stored transposed where the form says so. */
interface Given {
  a: Float32Array
  b: Float32Array
  sizes: Sizes
  form: Form
}

const given = (sizes: Sizes, form: Form = 'plain'): Given => ({
  a: drawn(1, sizes[0] * sizes[1]),
  b: drawn(2, sizes[1] * sizes[2]),
  sizes,
  form,
})

/** In double precision, of the factors as bf16. */
function expectedProduct({ a, b, sizes: [rows, inner, columns], form }: Given): number[] {
  const [left, right] = [a.map(rounded), b.map(rounded)]
  const product = new Array<number>(rows * columns).fill(0)
  for (let r = 0; r < rows; r++) {
    for (let k = 0; k < inner; k++) {
      const x = left[form === 'transposeA' ? k * rows + r : r * inner + k] ?? Number.NaN
      for (let c = 0; c < columns; c++) {
        const y = right[form === 'transposeB' ? c * inner + k : k * columns + c] ?? Number.NaN
        product[r * columns + c] = (product[r * columns + c] ?? 0) + x * y
      }
    }
  }
  return product
}

type Finish = (product: Tensor, others: Record<string, Tensor>) => Tensor

/** Of weights in fp32, which are rounded on their way, and of inputs, which come in bf16. */
async function multiplied({ a, b, sizes, form }: Given, finish: Finish = (x) => x, addends: Addends = {}) {
  const [rows, inner, columns] = sizes
  const program = new TracedProgram()
  const shapeA = form === 'transposeA' ? [inner, rows] : [rows, inner]
  const shapeB = form === 'transposeB' ? [columns, inner] : [inner, columns]
  const variables = { a: [shapeA, a], b: [shapeB, b], ...addends } as Addends
  await program.addVariables(Object.fromEntries(Object.entries(variables).map(([name, [shape, data]]) => [name, { shape, data, dtype: 'float32' as const }]))) // biome-ignore format: one row
  const inputs = { x: { shape: shapeA, dtype: 'float32' as const } }
  const body = (values: Record<string, Tensor>, { x }: { x: Tensor }) => {
    const of = (left: Tensor) =>
      tf.matMul(left as never, values.b as never, form === 'transposeA', form === 'transposeB')
    return { stored: finish(of(values.a as Tensor), values), fed: finish(of(x), values) }
  }
  const { stored, fed } = await program.define('product', { inputs, precision: 'bf16' }, body as never)({ x: a } as never) as Record<string, { data: Float32Array }> // biome-ignore format: one row
  program.close()
  return { stored: Array.from(stored?.data ?? []), fed: Array.from(fed?.data ?? []) }
}

type Addends = Record<string, [shape: number[], data: Float32Array]>

/** Off by `digits` of the largest term at most; 2^-8 is what rounding to bf16 takes away. */
function expectClose(actual: number[], expected: number[], digits = 2 ** -8, terms = expected) {
  expect(actual).toHaveLength(expected.length)
  const off = (x: number, i: number) => Math.abs(x - (expected[i] ?? Number.NaN)) / Math.max(1, Math.abs(terms[i] ?? 0))
  expect(Math.max(...actual.map(off))).toBeLessThan(digits * 1.01)
}

describe.runIf(multipliesPairs())('products in bf16', () => {
  it.each(sizes)(
    'are sums of rounded factors, for %d rows, %d places and %d columns, in any layout',
    async (...size) => {
      for (const form of ['plain', 'transposeA', 'transposeB'] as const) {
        const expected = expectedProduct(given(size, form))
        const { stored, fed } = await multiplied(given(size, form))
        expectClose(stored, expected)
        expect(fed).toEqual(stored)
      }
    },
  )

  it('add a bias and a residual to their sums, which then are not rounded', async () => {
    const size: Sizes = [70, 40, 50]
    const [bias, residual] = [drawn(3, 50), drawn(4, 70 * 50)]
    const addends: Addends = { bias: [[50], bias], residual: [[70, 50], residual] }
    const finish: Finish = (x, { bias, residual }) => x.add(bias as Tensor).add(residual as Tensor)
    const expected = expectedProduct(given(size)).map((x, i) => x + (bias[i % 50] ?? 0) + (residual[i] ?? 0))
    expectClose((await multiplied(given(size), finish, addends)).fed, expected, 1e-5)
  })

  it('add each other', async () => {
    const size: Sizes = [70, 40, 50]
    const twice: Finish = (x, { b }) => x.add(tf.matMul(tf.ones([70, 40]), b as never))
    const ones = { ...given(size), a: new Float32Array(70 * 40).fill(1) }
    const [plain, more] = [expectedProduct(given(size)), expectedProduct(ones)]
    const sum = plain.map((x, i) => x + (more[i] ?? 0))
    const terms = more.map((x, i) => Math.abs(x) + Math.abs(sum[i] ?? 0))
    expectClose((await multiplied(given(size), twice)).fed, sum, 2 ** -8, terms)
  })

  it('stay what they are where something else needs them by themselves', async () => {
    const size: Sizes = [70, 40, 50]
    const addends: Addends = { residual: [[70, 50], drawn(4, 70 * 50)] }
    const before: Finish = (x, { residual }) => tf.mul(tf.square(x), 0).add(x.add(residual as Tensor))
    const after: Finish = (x, { residual }) => x.add(residual as Tensor).add(tf.mul(tf.square(x), 0))
    const product = expectedProduct(given(size))
    const expected = product.map((x, i) => x + (addends.residual?.[1][i] ?? 0))
    for (const finish of [before, after]) {
      expectClose((await multiplied(given(size), finish, addends)).fed, expected, 2 ** -8, product)
    }
  })

  it('add the rows that a lookup gives back, some of them twice', async () => {
    const size: Sizes = [70, 40, 50]
    const ids = [3, 69, 3, 0]
    const rows = drawn(5, 4 * 50)
    const scatter: Finish = (x, { rows }) => x.add(tf.unsortedSegmentSum(rows as Tensor, tf.tensor1d(ids, 'int32'), 70)) // biome-ignore format: one row
    const expected = expectedProduct(given(size))
    for (const [i, id] of ids.entries()) {
      for (let c = 0; c < 50; c++) expected[id * 50 + c] = (expected[id * 50 + c] ?? 0) + (rows[i * 50 + c] ?? 0)
    }
    expectClose((await multiplied(given(size), scatter, { rows: [[4, 50], rows] })).fed, expected)
  })

  it('take weights and inputs from either side, many rows or few', async () => {
    for (const rows of [3, 70]) {
      const { a, b, sizes } = given([rows, 40, 50])
      const program = new TracedProgram()
      await program.addVariables({ a: { shape: [rows, 40], dtype: 'float32', data: a } })
      const inputs = { b: { shape: [40, 50], dtype: 'float32' } } as const
      const run = program.define('left', { inputs, precision: 'bf16' }, (weights, { b }) => ({
        y: tf.matMul(weights.a as never, b as never),
      }))
      const { y } = await run({ b })
      program.close()
      expectClose(Array.from(y.data as Float32Array), expectedProduct({ a, b, sizes, form: 'plain' }))
    }
  })

  it('give a row the same digits whatever rows are beside it', async () => {
    const few = given([65, 100, 50])
    const many = { ...given([700, 100, 50]), b: few.b }
    many.a.set(few.a)
    expect((await multiplied(many)).fed.slice(0, 65 * 50)).toEqual((await multiplied(few)).fed)
  })

  it('hand on what is no number, to its row alone', async () => {
    const { a, ...rest } = given([70, 40, 50])
    a[41] = Number.NaN
    const { fed } = await multiplied({ a, ...rest })
    expect(fed.map((x, i) => (Number.isNaN(x) ? Math.floor(i / 50) : -1)).filter((row) => row >= 0)).toEqual(new Array(50).fill(1)) // biome-ignore format: one row
  })
})
