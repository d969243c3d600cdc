import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { afterAll, expect, test } from 'vitest'
import { tf } from '../../runtime/tf.ts'
import { EagerProgram } from '../eager-program.ts'
import { gradients } from '../ops/gradients.ts'
import type { Program } from '../program.ts'
import { TracedProgram } from '../traced-program.ts'
import { type Case, cases } from './cases.ts'
import { kernels } from './index.ts'

const shape = [2, 3, 4]
const spec = { inputs: { x: { shape, dtype: 'float32' }, y: { shape, dtype: 'float32' } } } as const
const numbers = (seed: number) => Float32Array.from({ length: 24 }, (_, i) => Math.sin(seed + i * i * 0.7) * 1.5)
const feeds = { x: numbers(1), y: numbers(2) }

const traced = new TracedProgram()
const eager = new EagerProgram()
afterAll(() => {
  traced.close()
  eager.close()
})

/** A scalar that weighs every element differently, so that no gradient is uniform. */
function weighted(out: Tensor): Tensor {
  const weights = Float32Array.from({ length: out.size }, (_, i) => Math.cos(i + 1))
  return out.mul(tf.tensor(weights, out.shape)).sum()
}

function value(program: Program, name: string, { run }: Case) {
  return program.define(name, spec, (_, { x, y }) => ({ out: run(x, y) }))(feeds)
}

function gradient(program: Program, name: string, { run }: Case) {
  const body = (_: unknown, { x, y }: { x: Tensor; y: Tensor }) => {
    const { grads } = gradients(() => weighted(run(x, y)), { x, y }, { allowMissing: true })
    return { x: grads.x ?? tf.zerosLike(x), y: grads.y ?? tf.zerosLike(y) }
  }
  return program.define(`${name} gradient`, spec, body)(feeds)
}

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number) {
  expect(actual.length).toBe(expected.length)
  for (let i = 0; i < expected.length; i++) {
    const [a = Number.NaN, b = Number.NaN] = [actual[i], expected[i]]
    expect(Math.abs(a - b), `element ${i}: ${a}, expected ${b}`).toBeLessThanOrEqual(
      tolerance * Math.max(1, Math.abs(b)),
    )
  }
}

test.each(Object.entries(cases))('%s gives the same values traced and eager', async (name, example) => {
  const [actual, expected] = [await value(traced, name, example), await value(eager, name, example)]
  expect(actual.out.shape).toEqual(expected.out.shape)
  expect(actual.out.data.constructor).toBe(expected.out.data.constructor)
  expectClose(actual.out.data, expected.out.data, 2e-6)
})

const differentiable = Object.entries(cases).filter(([, { gradient: has }]) => has !== false)

test.each(differentiable)('%s has the same gradient traced and eager', async (name, example) => {
  const [actual, expected] = [await gradient(traced, name, example), await gradient(eager, name, example)]
  expectClose(actual.x.data, expected.x.data, 1e-5)
  expectClose(actual.y.data, expected.y.data, 1e-5)
})

test.each([
  'erf',
  'halfPowers',
  'softmax',
  'moments',
  'matrices',
  'batches',
  'gatherRows',
  'crossEntropy',
  'split',
  'scaledRows',
  'scaledRowsLeft',
])('the traced gradient of %s is the slope of its values', async (name) => {
  const example = cases[name]
  if (!example) throw new Error(`no case ${name}`)
  const slope = program(example)
  const { x } = await gradient(traced, `${name} slope`, example)
  for (const i of [0, 7, 23]) expect(x.data[i]).toBeCloseTo(await slope(i), 2)
})

/** Central differences of the eager values in element i of x. */
function program({ run }: Case): (i: number) => Promise<number> {
  const at = (i: number, by: number) => {
    const x = feeds.x.slice()
    x[i] = (x[i] ?? 0) + by
    return tf.tidy(() => weighted(run(tf.tensor(x, shape), tf.tensor(feeds.y, shape))).dataSync()[0] ?? Number.NaN)
  }
  return async (i) => (at(i, 1e-2) - at(i, -1e-2)) / 2e-2
}

/** Products leave operands in 16 bits: by a product with the identity, x and y reach the case so. */
const narrow = differentiable.filter(([name]) => !['rounding', 'powers', 'tangents'].includes(name))

const held = narrow.flatMap(([name, example]) => (['bf16', 'fp16'] as const).map((precision) => [name, precision, example] as const)) // biome-ignore format: one list

test.each(held)('%s takes operands held in %s', async (name, precision, { run }) => {
  const body: Case['run'] = (x, y) => {
    const [a, b] = [x, y].map((input) => tf.matMul(input.reshape([6, 4]), tf.eye(4)).reshape(shape))
    return run(a as Tensor, b as Tensor)
  }
  const call = traced.define(`${name} in ${precision}`, { ...spec, precision }, (_, { x, y }) => ({ out: body(x, y) }))
  const [actual, expected] = [
    await call(feeds),
    await value(eager, `${name} of products for ${precision}`, { covers: [], run: body }),
  ]
  expectClose(actual.out.data, expected.out.data, precision === 'bf16' ? 0.05 : 0.01)
})

test('every kernel has a case', () => {
  const covered = new Set(Object.values(cases).flatMap(({ covers }) => covers))
  expect(Object.keys(kernels).filter((name) => !covered.has(name))).toEqual([])
})
