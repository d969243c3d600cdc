import type { Tensor, Variable } from '@tensorflow/tfjs-node-gpu'
import { afterEach, describe, expect, it } from 'vitest'
import { random } from '../random.ts'
import { loadKernels, multipliesPairs, tf } from '../runtime/index.ts'
import { applyAdamW, EagerProgram, TracedProgram, type Values } from './index.ts'

const [rows, inner, columns] = [80, 48, 64]
const drawn = (seed: number, size: number) => Float32Array.from({ length: size }, (_, i) => random(seed, i) * 4 - 2)
const [x, weights, others] = [drawn(1, rows * inner), drawn(2, inner * columns), drawn(3, inner * columns)]

const opened: TracedProgram[] = []
afterEach(() => {
  for (const program of opened.splice(0)) program.close()
})

/** A matrix with what multiplies by it, updates it and assigns it. */
async function open(kept: boolean) {
  const program = new TracedProgram()
  opened.push(program)
  const matrix = { shape: [inner, columns], dtype: 'float32', inPlace: true } as const
  await program.addVariables({ w: { ...matrix, data: weights }, m: matrix, v: matrix })
  if (kept) await program.keepRounded(['w'])
  const get = (variables: Record<string, Variable>, name: string) => variables[name] as Variable
  const product = (count: number) =>
    program.define(
      `product of ${count}`,
      { inputs: { x: { shape: [count, inner], dtype: 'float32' } }, precision: 'bf16' },
      (variables, { x }) => ({ y: tf.matMul(x, get(variables, 'w')), copied: get(variables, 'w').mul(1) }),
    )
  const [many, few] = [product(rows), product(4)]
  const spec = { shape: [inner, columns], dtype: 'float32' } as const
  const settings = { learningRate: 0.1, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.1, step: 1 }
  const update = program.define('update', { inputs: { x: { shape: [rows, inner], dtype: 'float32' }, on: { shape: [], dtype: 'int32' } }, precision: 'bf16' }, (variables, { x, on }) => {
    const [param, m, v] = ['w', 'm', 'v'].map((name) => get(variables, name)) as [Variable, Variable, Variable]
    const y: Tensor = tf.matMul(x, param)
    applyAdamW({ param, m, v }, tf.matMul(x, y, true, false), { ...settings, when: on.cast('bool') })
    return { y }
  }) // biome-ignore format: one call
  const assign = program.define('assign', { inputs: { to: spec } }, (variables, { to }) => {
    get(variables, 'w').assign(to.mul(2))
    return { done: tf.scalar(1) }
  })
  const read = async () => [(await many({ x })).y.data, (await few({ x: x.slice(0, 4 * inner) })).y.data, (await program.read(['w'])).w] // biome-ignore format: one list
  return { program, update, assign, read }
}

describe.skipIf(!loadKernels() || !multipliesPairs())('a matrix that is kept in bf16 as well', () => {
  type Opened = Awaited<ReturnType<typeof open>>
  const on = (value: number) => Int32Array.of(value)
  it.each<[string, (opened: Opened) => Promise<unknown>]>([
    ['as it is', async () => undefined],
    ['after an update', ({ update }) => update({ x, on: on(1) })],
    ['after an update that is left out', ({ update }) => update({ x, on: on(0) })],
    ['after it was written', ({ program }) => program.write({ w: others })],
    ['after an assignment', ({ assign }) => assign({ to: others })],
  ])('gives the very same products %s', async (_, change) => {
    const [kept, plain] = [await open(true), await open(false)]
    for (let round = 0; round < 2; round++) {
      for (const opened of [kept, plain]) await change(opened)
      expect(await kept.read()).toEqual(await plain.read())
    }
  })

  it('is read in bf16 by products, and in float32 by all else', async () => {
    const { program } = await open(true)
    const feeds: Record<string, Values> = { x }
    const { times, outputs } = await program.profile(`product of ${rows}`, feeds)
    expect(times.find(({ op }) => op === 'ReadVariableOp')?.count).toBe(2)
    expect(outputs.copied?.data).toEqual(weights)
  })

  it('is kept by functions that were called before, too', async () => {
    const [late, plain] = [await open(false), await open(false)]
    for (const { update } of [late, plain]) await update({ x, on: on(1) })
    for (let times = 0; times < 2; times++) await late.program.keepRounded(['w'])
    for (const { update, assign } of [late, plain]) {
      await assign({ to: others })
      await update({ x, on: on(1) })
    }
    expect(await late.read()).toEqual(await plain.read())
  })

  it('is gone with the matrix, whose name is free again', async () => {
    const { program } = await open(true)
    await program.removeVariables(['w'])
    const matrix = { shape: [inner, columns], dtype: 'float32', inPlace: true, data: others } as const
    await program.addVariables({ w: matrix })
    await program.keepRounded(['w'])
    expect((await program.read(['w'])).w).toEqual(others)
  })
})

it('names a variable that there is not', async () => {
  const eager = new EagerProgram()
  await expect(eager.keepRounded(['w'])).rejects.toThrow('the program has no variable named w')
  eager.close()
})
