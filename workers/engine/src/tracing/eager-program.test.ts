import { expect, test } from 'vitest'
import { tf } from '../runtime/index.ts'
import { applyAdamW, EagerProgram, gradients, statelessUniform, stopGradient, writeRows } from './index.ts'

test('keeps state between calls and frees everything on close', async () => {
  const before = tf.memory().numTensors
  const program = new EagerProgram()
  await program.addVariables({ total: { shape: [2], dtype: 'float32' } })
  const add = program.define('add', { inputs: { x: { shape: [2], dtype: 'float32' } } }, ({ total }, { x }) => {
    const sum = total?.add(x) ?? x
    total?.assign(sum)
    return { sum }
  })
  await add({ x: Float32Array.of(1, 2) })
  const { sum } = await add({ x: Float32Array.of(1, 2) })
  expect(sum).toEqual({ shape: [2], data: Float32Array.of(2, 4) })
  expect(await program.read(['total'])).toEqual({ total: Float32Array.of(2, 4) })
  program.close()
  expect(tf.memory().numTensors).toBe(before)
})

test('refuses feeds of another length, kind or name', async () => {
  const program = new EagerProgram()
  const f = program.define('f', { inputs: { x: { shape: [2], dtype: 'float32' } } }, (_, { x }) => ({ x }))
  await expect(f({ x: new Float32Array(3) })).rejects.toThrow('f/x has shape [2] = 2 values, got 3')
  await expect(f({ x: new Int32Array(2) })).rejects.toThrow('f/x takes a Float32Array, got Int32Array')
  await expect(f({ x: new Float32Array(2), y: new Float32Array(2) } as never)).rejects.toThrow('no input named y')
})

test('names the parameters that the loss does not reach', () => {
  const [a, b] = [tf.scalar(2), tf.scalar(3)]
  expect(() => gradients(() => a.mul(stopGradient(b)), { a, b })).toThrow('the loss does not depend on b')
  const { grads } = gradients(() => a.mul(stopGradient(b)), { a, b }, { allowMissing: true })
  expect(grads.a?.dataSync()).toEqual(Float32Array.of(3))
})

test('updates as PyTorch AdamW does', async () => {
  const program = new EagerProgram()
  const one = { shape: [1], dtype: 'float32' } as const
  await program.addVariables({ param: { ...one, data: Float32Array.of(1) }, m: one, v: one })
  const step = program.define('step', { inputs: { t: { shape: [], dtype: 'float32' } } }, (variables, { t }) => {
    const { param, m, v } = variables
    if (!param || !m || !v) throw new Error('unreachable')
    const settings = { learningRate: 0.1, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01, step: t }
    applyAdamW({ param, m, v }, tf.tensor1d([0.5]), settings)
    return { param }
  })
  // A constant gradient moves by the whole learning rate: 1 · 0.999 − 0.1, then 0.899 · 0.999 − 0.1.
  expect((await step({ t: Float32Array.of(1) })).param.data[0]).toBeCloseTo(0.899, 6)
  expect((await step({ t: Float32Array.of(2) })).param.data[0]).toBeCloseTo(0.798101, 6)
  program.close()
})

test('writes rows of in-place variables only', async () => {
  const program = new EagerProgram()
  const cache = { shape: [3, 2], dtype: 'float32' } as const
  await program.addVariables({ cache: { ...cache, inPlace: true }, plain: cache })
  const write = (name: string) =>
    program.define(name, { inputs: {} }, (variables) => {
      const variable = variables[name]
      if (!variable) throw new Error('unreachable')
      const contents = writeRows(variable, tf.tensor1d([2, 0], 'int32'), tf.tensor2d([[1, 2], [3, 4]])) // biome-ignore format: rows
      return { contents }
    })
  expect((await write('cache')({})).contents.data).toEqual(Float32Array.of(3, 4, 0, 0, 1, 2))
  expect((await program.read(['cache'])).cache).toEqual(Float32Array.of(3, 4, 0, 0, 1, 2))
  await expect(write('plain')({})).rejects.toThrow('writeRows takes a variable declared inPlace')
  program.close()
})

test('draws equal numbers for equal seeds', () => {
  const draw = (seed: number) => tf.tidy(() => statelessUniform([4], tf.tensor1d([seed, 7], 'int32')).dataSync())
  expect(draw(1)).toEqual(draw(1))
  expect(draw(1)).not.toEqual(draw(2))
})
