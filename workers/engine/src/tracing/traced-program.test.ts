import type { Variable } from '@tensorflow/tfjs-node-gpu'
import { afterEach, expect, test } from 'vitest'
import { loadKernels, tf } from '../runtime/index.ts'
import {
  applyAdamW,
  EagerProgram,
  globalNorm,
  gradients,
  type Program,
  sparseCrossEntropy,
  TracedProgram,
  type Values,
  writeRows,
} from './index.ts'

const scalar = { shape: [], dtype: 'float32' } as const
const pair = { shape: [2], dtype: 'float32' } as const
const opened: Program[] = []

function open<T extends Program>(program: T): T {
  opened.push(program)
  return program
}

afterEach(() => {
  for (const program of opened.splice(0)) program.close()
})

/** Fails the test rather than the types where a variable is missing. */
function get(variables: Record<string, Variable>, name: string): Variable {
  const variable = variables[name]
  if (!variable) throw new Error(`no variable ${name}`)
  return variable
}

test('keeps state between calls', async () => {
  const program = open(new TracedProgram())
  await program.addVariables({ total: pair })
  const add = program.define('add', { inputs: { x: pair } }, (variables, { x }) => {
    const total = get(variables, 'total')
    const sum = total.add(x)
    total.assign(sum)
    return { sum, later: total.mul(2) }
  })
  await add({ x: Float32Array.of(1, 2) })
  const { sum, later } = await add({ x: Float32Array.of(1, 2) })
  expect(sum).toEqual({ shape: [2], data: Float32Array.of(2, 4) })
  expect(later.data).toEqual(Float32Array.of(4, 8))
  expect(await program.read(['total'])).toEqual({ total: Float32Array.of(2, 4) })
})

test('runs concurrent calls one after another in the order they were made', async () => {
  const program = open(new TracedProgram())
  await program.addVariables({ count: scalar })
  const next = program.define('next', { inputs: {} }, (variables) => {
    const count = get(variables, 'count')
    const before = count.clone()
    count.assign(count.add(1))
    return { before }
  })
  const results = await Promise.all([next({}), next({}), next({}), next({})])
  expect(results.map(({ before }) => before.data[0])).toEqual([0, 1, 2, 3])
})

test('adds functions and variables while it lives, and removes variables', async () => {
  const program = open(new TracedProgram())
  await program.addVariables({ a: { ...pair, data: Float32Array.of(1, 2) } })
  const double = program.define('double', { inputs: {}, variables: ['a'] }, (variables) => ({
    out: get(variables, 'a').mul(2),
  }))
  expect((await double({})).out.data).toEqual(Float32Array.of(2, 4))
  await program.addVariables({ b: { ...pair, data: Float32Array.of(5, 6) } })
  const both = program.define('both', { inputs: {} }, (variables) => ({
    out: get(variables, 'a').add(get(variables, 'b')),
  }))
  expect((await both({})).out.data).toEqual(Float32Array.of(6, 8))
  await program.write({ b: Float32Array.of(0, 1) })
  expect((await both({})).out.data).toEqual(Float32Array.of(1, 3))
  await program.removeVariables(['b'])
  await expect(both({})).rejects.toThrow('function both uses variable b, which was removed')
  await expect(program.read(['b'])).rejects.toThrow('the program has no variable named b')
  await program.addVariables({ b: pair })
  expect(await program.read(['b'])).toEqual({ b: Float32Array.of(0, 0) })
})

test('leaves tfjs as it was: backend, tensors and random numbers', async () => {
  const before = { ...tf.memory() }
  const program = open(new TracedProgram())
  await program.addVariables({ a: pair })
  const random = Math.random
  await program.define('f', { inputs: { x: pair } }, (variables, { x }) => {
    const { value, grads } = gradients(() => get(variables, 'a').mul(x).sum(), variables)
    get(variables, 'a').assign(grads.a ?? x)
    return { value }
  })({ x: new Float32Array(2) })
  expect(() => tf.tidy(() => tf.randomNormal([2]).dataSync())).not.toThrow()
  expect(Math.random).toBe(random)
  expect(tf.getBackend()).toBe('tensorflow')
  expect(tf.memory().numTensors).toBe(before.numTensors)
  expect(tf.memory().numDataBuffers).toBe(before.numDataBuffers)
})

test('refuses what cannot be traced, by name', async () => {
  const program = open(new TracedProgram())
  const refused = (name: string, body: (x: import('@tensorflow/tfjs-node-gpu').Tensor) => unknown) =>
    program.define(name, { inputs: { x: pair } }, (_, { x }) => {
      body(x)
      return { x }
    })({ x: new Float32Array(2) })
  await expect(refused('reads', (x) => x.dataSync())).rejects.toThrow('a traced function reads a tensor')
  await expect(refused('unique', (x) => tf.unique(x as never))).rejects.toThrow('cannot use Unique')
  await expect(refused('random', () => tf.randomNormal([4]))).rejects.toThrow('use statelessUniform')
  const large = program.define('large', { inputs: {} }, () => ({
    out: tf.tensor(Float32Array.from({ length: 2 ** 23 }, (_, i) => i)),
  }))
  await expect(large({})).rejects.toMatchObject({
    code: 'unsupported',
    message: expect.stringContaining('33554432 bytes'),
  })
  expect(tf.getBackend()).toBe('tensorflow')
})

test('reports what TensorFlow refuses while running, and goes on afterwards', async () => {
  const program = open(new TracedProgram())
  const ids = { shape: [1], dtype: 'int32' } as const
  const pick = program.define('pick', { inputs: { ids } }, (_, inputs) => ({
    out: tf.gather(tf.tensor1d([5, 6, 7]), inputs.ids),
  }))
  await expect(pick({ ids: Int32Array.of(9) })).rejects.toMatchObject({
    code: 'engine_failed',
    message: expect.stringContaining('9'),
  })
  expect((await pick({ ids: Int32Array.of(2) })).out.data).toEqual(Float32Array.of(7))
})

test('tells a lack of memory from what TensorFlow refuses, and goes on afterwards', async () => {
  const program = open(new TracedProgram())
  // 2^52 bytes are more than a process can address
  const side = 2 ** 25
  const huge = program.define('huge', { inputs: { x: pair } }, (_, { x }) => ({
    out: tf.broadcastTo(x.slice([0], [1]), [side, side]).max(),
  }))
  await expect(huge({ x: Float32Array.of(1, 2) })).rejects.toMatchObject({ code: 'out_of_memory' })
  const small = program.define('small', { inputs: { x: pair } }, (_, { x }) => ({ out: x.max() }))
  expect((await small({ x: Float32Array.of(1, 2) })).out.data).toEqual(Float32Array.of(2))
})

test('rejects runs of a closed program', async () => {
  const program = new TracedProgram()
  const f = program.define('f', { inputs: { x: pair } }, (_, { x }) => ({ out: x.mul(2) }))
  await f({ x: new Float32Array(2) })
  program.close()
  program.close()
  await expect(f({ x: new Float32Array(2) })).rejects.toMatchObject({ code: 'cancelled' })
})

test('cancels the runs in flight when it closes', async () => {
  const program = new TracedProgram()
  const square = { shape: [600, 600], dtype: 'float32' } as const
  const slow = program.define('slow', { inputs: { x: square } }, (_, { x }) => {
    let out = x
    for (let i = 0; i < 60; i++) out = out.matMul(x)
    return { out: out.sum() }
  })
  const runs = Array.from({ length: 20 }, () => slow({ x: new Float32Array(360_000) }))
  program.close()
  const settled = await Promise.allSettled(runs)
  expect(settled.at(-1)).toMatchObject({ status: 'rejected', reason: { code: 'cancelled' } })
})

test('hands out copies: neither outputs nor reads change when a variable does', async () => {
  const program = open(new TracedProgram())
  await program.addVariables({ cache: { shape: [4, 512], dtype: 'float32', inPlace: true }, plain: pair })
  const inputs = { row: { shape: [1, 512], dtype: 'float32' } } as const
  const write = program.define('write', { inputs }, (variables, { row }) => {
    const contents = writeRows(get(variables, 'cache'), tf.tensor1d([1], 'int32'), row)
    return { contents: contents.reshape([2048]) }
  })
  const first = await write({ row: new Float32Array(512).fill(1) })
  const read = await program.read(['cache'])
  await write({ row: new Float32Array(512).fill(2) })
  expect(first.contents.data[512]).toBe(1)
  expect(read.cache?.[512]).toBe(1)
})

test('gives every in-place variable a buffer of its own', async () => {
  const program = open(new TracedProgram())
  const cache = { shape: [3, 2], dtype: 'float32', inPlace: true } as const
  await program.addVariables({ a: cache, b: cache })
  const reset = program.define('reset', { inputs: {} }, (variables) => {
    for (const name of ['a', 'b']) get(variables, name).assign(tf.zeros([3, 2]))
    return { done: tf.scalar(1) }
  })
  const write = program.define('write', { inputs: {} }, (variables) => ({
    a: writeRows(get(variables, 'a'), tf.tensor1d([0], 'int32'), tf.tensor2d([[1, 2]])),
    b: writeRows(get(variables, 'b'), tf.tensor1d([2], 'int32'), tf.tensor2d([[3, 4]])),
  }))
  for (let round = 0; round < 2; round++) {
    await write({})
    const { a, b } = await program.read(['a', 'b'])
    expect(a).toEqual(Float32Array.of(1, 2, 0, 0, 0, 0))
    expect(b).toEqual(Float32Array.of(0, 0, 0, 0, 3, 4))
    await reset({})
    expect(await program.read(['a'])).toEqual({ a: new Float32Array(6) })
  }
})

test('refuses to use contents that writeRows overwrote', async () => {
  const program = open(new TracedProgram())
  await program.addVariables({ cache: { shape: [2, 1], dtype: 'float32', inPlace: true } })
  const body = (when: 'before' | 'after') =>
    program.define(when, { inputs: {} }, (variables) => {
      const cache = get(variables, 'cache')
      const old = cache.clone()
      const early = when === 'before' ? old.neg() : old
      const contents = writeRows(cache, tf.tensor1d([0], 'int32'), tf.tensor2d([[1]]))
      return { out: contents.add(early) }
    })({})
  await expect(body('before')).rejects.toThrow('cache was read before in the same function')
  await expect(body('after')).rejects.toThrow('cache was read before writeRows and used after it')
})

test('keeps bf16 storage inside: values cross as float32 rounded to bf16', async () => {
  const program = open(new TracedProgram())
  await program.addVariables({
    cache: { shape: [2, 2], dtype: 'float32', inPlace: true, storage: 'bf16', data: Float32Array.of(1, 1.001, 0, 3) },
  })
  const write = program.define('write', { inputs: {} }, (variables) => ({
    contents: writeRows(get(variables, 'cache'), tf.tensor1d([1], 'int32'), tf.tensor2d([[2, 0.5]])),
  }))
  expect((await write({})).contents.data).toEqual(Float32Array.of(1, 1, 2, 0.5))
  expect(await program.read(['cache'])).toEqual({ cache: Float32Array.of(1, 1, 2, 0.5) })
})

const sizes = { w1: [5, 16], b1: [16], w2: [16, 7], b2: [7] }

interface Training {
  precision?: 'fp32' | 'bf16'
  inPlace?: boolean
}

/** Trains a two-layer classifier; returns losses, norms, and a bias after each step. */
async function train(program: Program, steps: number, { precision, inPlace }: Training = {}): Promise<number[]> {
  for (const [name, shape] of Object.entries(sizes)) {
    const data = Float32Array.from(
      { length: tf.util.sizeFromShape(shape) },
      (_, i) => Math.sin(i * 1.7 + shape.length) / 2,
    )
    const spec = { shape, dtype: 'float32', inPlace } as const
    await program.addVariables({ [name]: { ...spec, data }, [`m.${name}`]: spec, [`v.${name}`]: spec })
  }
  await program.addVariables({ step: scalar })
  const inputs = { x: { shape: [12, 5], dtype: 'float32' }, labels: { shape: [12], dtype: 'int32' } } as const
  const step = program.define('step', { inputs, precision }, (variables, { x, labels }) => {
    const params = Object.fromEntries(Object.keys(sizes).map((name) => [name, get(variables, name)]))
    const loss = () => {
      const hidden = x.matMul(get(params, 'w1')).add(get(params, 'b1')).tanh()
      return sparseCrossEntropy(hidden.matMul(get(params, 'w2')).add(get(params, 'b2')), labels).mean()
    }
    const { value, grads } = gradients(loss, params)
    const norm = globalNorm(Object.values(grads))
    const count = get(variables, 'step')
    count.assign(count.add(1))
    for (const [name, grad] of Object.entries(grads)) {
      const settings = {
        learningRate: tf.mul(0.1, 0.5),
        beta1: 0.9,
        beta2: 0.99,
        epsilon: 1e-8,
        weightDecay: 0.1,
        gradScale: tf.minimum(1, tf.div(0.5, norm)),
        step: count,
      }
      const state = { param: get(params, name), m: get(variables, `m.${name}`), v: get(variables, `v.${name}`) }
      applyAdamW(state, grad, settings)
    }
    return { value, norm, b2: get(params, 'b2') }
  })
  const figures: number[] = []
  for (let i = 0; i < steps; i++) {
    const feeds: { x: Values; labels: Values } = {
      x: Float32Array.from({ length: 60 }, (_, k) => Math.cos(k * 0.9 + i)),
      labels: Int32Array.from({ length: 12 }, (_, k) => (k * 5) % 7),
    }
    const { value, norm, b2 } = await step(feeds)
    figures.push(value.data[0] ?? Number.NaN, norm.data[0] ?? Number.NaN, ...b2.data)
  }
  return figures
}

test.each([false, true])('trains to the numbers of eager execution, in place: %s', async (inPlace) => {
  const expected = await train(open(new EagerProgram()), 5)
  const actual = await train(open(new TracedProgram()), 5, { inPlace })
  expect(actual).toHaveLength(45)
  for (const [i, value] of actual.entries()) expect(value).toBeCloseTo(expected[i] ?? Number.NaN, 5)
})

test.each([true, false])(
  'weights trained in place are read before and after they change, where they may: %s',
  async (when) => {
    const program = open(new TracedProgram())
    const size = 100_000
    const spec = { shape: [size], dtype: 'float32', inPlace: true } as const
    const data = new Float32Array(size).fill(1)
    await program.addVariables({ w: { ...spec, data }, m: spec, v: spec, copy: spec })
    const step = program.define('step', { inputs: { when: scalar } }, (variables, inputs) => {
      const [param, m, v] = ['w', 'm', 'v'].map((name) => get(variables, name)) as [Variable, Variable, Variable]
      const view = param.reshape([size / 10, 10])
      const settings = { learningRate: 0.5, beta1: 0, beta2: 0, epsilon: 0, weightDecay: 0.5, step: 1 }
      applyAdamW({ param, m, v }, param, { ...settings, when: inputs.when.greater(0) })
      get(variables, 'copy').assign(param)
      return { early: view.square().sum(), late: param.sum(), part: view.slice([0, 0], [1, 10]) }
    })
    // Decay takes a quarter, the step a half, of what they were.
    for (let before = 1; before > 0.001; before = when ? before * 0.75 - 0.5 : 0) {
      const { early, late, part } = await step({ when: Float32Array.of(when ? 1 : 0) })
      const after = when ? before * 0.75 - 0.5 : before
      expect(early.data[0]).toBeCloseTo(size * before ** 2, 0)
      expect(part.data).toEqual(new Float32Array(10).fill(before))
      expect(late.data[0]).toBeCloseTo(size * after, 0)
      const { w, copy } = await program.read(['w', 'copy'])
      expect(w?.[size - 1]).toBe(after)
      expect(copy).toEqual(w)
    }
  },
)

test('refuses to read weights after they changed in place, for what they changed to', async () => {
  const program = open(new TracedProgram())
  const spec = { shape: [4], dtype: 'float32', inPlace: true } as const
  await program.addVariables({ w: spec, m: spec, v: spec })
  const step = program.define('step', { inputs: {} }, (variables) => {
    const [param, m, v] = ['w', 'm', 'v'].map((name) => get(variables, name)) as [Variable, Variable, Variable]
    const view = param.reshape([2, 2])
    const settings = { learningRate: 0.5, beta1: 0, beta2: 0, epsilon: 1, weightDecay: 0, step: 1 }
    applyAdamW({ param, m, v }, tf.ones([4]), settings)
    return { moved: view.sub(param.reshape([2, 2])) }
  })
  if (loadKernels()) {
    await expect(step({})).rejects.toThrow('Sub reads what TemperAdamW overwrites, and needs what it writes')
  } else {
    // Without our kernel TensorFlow keeps what is still read.
    expect((await step({})).moved.data).toEqual(new Float32Array(4).fill(0.25))
  }
})

test('trains to the same bits twice', async () => {
  expect(await train(open(new TracedProgram()), 3)).toEqual(await train(open(new TracedProgram()), 3))
})

test('trains in bf16 close to fp32, and not equal to it', async () => {
  const expected = await train(open(new TracedProgram()), 2)
  const actual = await train(open(new TracedProgram()), 2, { precision: 'bf16' })
  expect(actual[0]).not.toBe(expected[0])
  expect(actual[0]).toBeCloseTo(expected[0] ?? Number.NaN, 2)
})

test('adds rows of the same index up in the same order every time', async () => {
  const program = open(new TracedProgram())
  const inputs = { x: { shape: [4096, 64], dtype: 'float32' }, ids: { shape: [4096], dtype: 'int32' } } as const
  const scatter = program.define('scatter', { inputs }, (_, { x, ids }) => {
    const { grads } = gradients(() => tf.gather(table, ids).mul(x).sum(), { table })
    return { out: grads.table ?? x }
  })
  const table = tf.zeros([50, 64])
  const feeds = {
    x: Float32Array.from({ length: 4096 * 64 }, (_, i) => Math.sin(i) * 10 ** (i % 7)),
    ids: Int32Array.from({ length: 4096 }, (_, i) => (i * i) % 50),
  }
  const first = await scatter(feeds)
  for (let round = 0; round < 5; round++) expect(await scatter(feeds)).toEqual(first)
  table.dispose()
})

test('says where the time of a call goes', async () => {
  const program = open(new TracedProgram())
  const inputs = { x: { shape: [80, 80], dtype: 'float32' } } as const
  program.define('product', { inputs }, (_, { x }) => ({ out: x.matMul(x).softmax() }))
  const { outputs, times, productFlops } = await program.profile('product', { x: new Float32Array(6400) })
  expect(outputs.out?.data[0]).toBeCloseTo(1 / 80)
  expect(productFlops).toBe(2 * 80 ** 3)
  expect(times.map(({ op }) => op)).toEqual(expect.arrayContaining(['MatMul', 'Softmax']))
  expect(times.every(({ ms, count }) => ms >= 0 && count > 0)).toBe(true)
})

test('goes on when a variable that it does not use is removed', async () => {
  const program = open(new TracedProgram())
  const spec = { shape: [1], dtype: 'float32' } as const
  await program.addVariables({ kept: { ...spec, data: Float32Array.of(2) }, other: spec })
  const double = program.define('double', { inputs: {} }, ({ kept }) => ({ out: tf.mul(kept as never, 2) }))
  expect((await double({})).out.data).toEqual(Float32Array.of(4))
  await program.removeVariables(['other'])
  expect((await double({})).out.data).toEqual(Float32Array.of(4))
})
