import { sftSchema } from '@temper/db/contracts'
import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { afterEach, describe, expect, it } from 'vitest'
import { tf } from '../runtime/tf.ts'
import { EagerProgram, type Inputs, type Program, TracedProgram, type Variables } from '../tracing/index.ts'
import type { Pass } from './refused-step.ts'
import { Updater } from './updater.ts'

const opened: Program[] = []
afterEach(() => {
  for (const program of opened.splice(0)) program.close()
})

/** Sum of squares of w x + b over the rows of a pass, over the rows of the step. */
function loss(variables: Variables, inputs: Inputs<string>) {
  const { w, b } = variables as Record<string, Tensor>
  const { x, denominator } = inputs as Inputs<'x' | 'denominator'>
  const out = tf.matMul(x, w as Tensor).add(b as Tensor)
  return { loss: tf.div(tf.sum(tf.square(out)), denominator).asScalar(), early: { out }, metrics: {} }
}

const parse = (settings: object) =>
  sftSchema.parse({ type: 'sft', data: 'd', learningRate: 0.1, schedule: 'constant', weightDecay: 0.1, ...settings })

async function open(program: Program, settings: object = {}) {
  opened.push(program)
  const data = (length: number) => Float32Array.from({ length }, (_, i) => Math.cos(i) / 2)
  await program.addVariables({
    w: { shape: [3, 4], dtype: 'float32', data: data(12) },
    b: { shape: [4], dtype: 'float32', data: data(4) },
  })
  const options = { name: 'test', trained: ['w', 'b'], settings: parse(settings), totalSteps: 100, body: loss }
  const updater = new Updater(program, options)
  await updater.addVariables()
  const state = () => program.read(['w', 'b', ...updater.stateNames])
  return { updater, state, program }
}

/** Rows of three numbers as passes of `size`; row n is row n of the data, counted from 1. */
function passesOf(rows: readonly number[][], size: number): Pass[] {
  return Array.from({ length: rows.length / size }, (_, pass) => {
    const part = rows.slice(pass * size, (pass + 1) * size)
    const feeds = {
      x: { shape: [size, 3], data: Float32Array.from(part.flat()) },
      denominator: { shape: [], data: Float32Array.of(rows.length) },
    }
    return { feeds, dataRows: part.map((_, i) => pass * size + i + 1) }
  })
}

const good = Array.from({ length: 4 }, (_, row) => [0, 1, 2].map((i) => Math.sin(row * 3 + i)))
const poisoned = good.map((row, i) => (i === 2 ? [1, Number.NaN, 1] : row))

describe.each([
  ['traced', () => new TracedProgram()],
  ['eager', () => new EagerProgram()],
])('a %s step whose loss is not finite', (_, make) => {
  it.each([4, 2, 1])('changes no weight and no moment, and names the rows of its pass of %i', async (size) => {
    const { updater, state } = await open(make())
    await updater.step(passesOf(good, size), 1)
    const before = await state()
    const rows = size === 4 ? '1, 2, 3, 4' : size === 2 ? '3, 4' : '3'
    await expect(updater.step(passesOf(poisoned, size), 2)).rejects.toMatchObject({
      code: 'non_finite',
      message: expect.stringMatching(
        new RegExp(
          `^loss is NaN at step 2 on rows? ${rows} of the data: the step was not applied.*lower learningRate \\(now 0.1\\)`,
        ),
      ),
    })
    expect(await state()).toEqual(before)
    await updater.step(passesOf(good, size), 2)
    expect(await state()).not.toEqual(before)
  })
})

it('refuses a step whose gradients alone are not finite, and names all its rows', async () => {
  const { updater, state } = await open(new TracedProgram())
  const before = await state()
  const huge = good.map((row) => row.map((x) => x * 1e15)) // losses are 1e30, squares of gradients no float32
  await expect(updater.step(passesOf(huge, 2), 1)).rejects.toThrow(
    'grad_norm is Infinity at step 1 on rows 1, 2, 3, 4 of the data',
  )
  expect(await state()).toEqual(before)
})

describe.each([
  ['traced', () => new TracedProgram()],
  ['eager', () => new EagerProgram()],
])('a %s step that is begun', (_, make) => {
  const pause = { early: ['out'], late: { denominator: { shape: [], dtype: 'float32' } } } as const
  /** The same as `updater.step` of one pass, with the denominator fed late. */
  async function beginAndFinish(
    { updater }: Awaited<ReturnType<typeof open>>,
    rows: readonly number[][],
    step: number,
  ) {
    const [{ feeds: { denominator, ...feeds }, dataRows }] = passesOf(rows, 4) as [Pass] // biome-ignore format: one row
    const begun = await updater.begin({ feeds, dataRows }, pause, step)
    return { out: begun.early.out, metrics: await begun.finish(denominator ? { denominator } : {}) }
  }

  it('hands back what it was asked for, and ends as a step that knew everything', async () => {
    const [paused, plain] = [await open(make()), await open(make())]
    for (const step of [1, 2]) {
      const { out, metrics } = await beginAndFinish(paused, good, step)
      expect(out?.shape).toEqual([4, 4])
      const squares = Array.from(out?.data ?? [], (value) => value ** 2)
      expect(squares.reduce((sum, square) => sum + square) / 4).toBeCloseTo(metrics.loss ?? Number.NaN, 5)
      expect(metrics).toEqual(await plain.updater.step(passesOf(good, 4), step))
    }
    expect(await paused.state()).toEqual(await plain.state())
  })

  it('changes nothing where its loss is not finite, and names the rows', async () => {
    const opened = await open(make())
    const before = await opened.state()
    await expect(beginAndFinish(opened, poisoned, 1)).rejects.toThrow('loss is NaN at step 1 on rows 1, 2, 3, 4')
    expect(await opened.state()).toEqual(before)
  })
})

describe('in fp16', () => {
  const fp16 = { precision: 'fp16' }
  const scaleOf = async (program: Program) =>
    Object.values(await program.read(['loss_scale/scale', 'loss_scale/good_steps', 'loss_scale/skipped_steps'])).map(
      (values) => values[0],
    )

  it.each([4, 1])('skips a step that overflows, halves the scale, and goes on, in passes of %i', async (size) => {
    const { updater, state, program } = await open(new TracedProgram(), fp16)
    await program.write({ 'loss_scale/scale': Float32Array.of(2 ** 20) })
    const { w: before, 'adamw/m/w': moment } = await state()
    const first = await updater.step(passesOf(good, size), 1)
    expect(first).toMatchObject({ loss_scale: 2 ** 19, skipped_steps: 1 })
    expect(first.grad_norm).toBeUndefined()
    expect(first.loss).toBeGreaterThan(0)
    expect(await state()).toMatchObject({ w: before, 'adamw/m/w': moment })
    let values = first
    for (let step = 2; values.grad_norm === undefined; step++) values = await updater.step(passesOf(good, size), step)
    expect(values.skipped_steps).toBe(Math.log2(2 ** 20 / (values.loss_scale ?? 0)))
    // as if the skipped steps had never been: the first update moves by the learning rate, after decay by 0.01
    const { w: after } = await state()
    for (const [i, value] of (before ?? []).entries()) {
      expect(Math.abs((after?.[i] ?? 0) - 0.99 * value)).toBeCloseTo(0.1, 4)
    }
  })

  it('doubles the scale after 2,000 good steps', async () => {
    const { updater, program } = await open(new TracedProgram(), fp16)
    await program.write({ 'loss_scale/scale': Float32Array.of(8), 'loss_scale/good_steps': Float32Array.of(1998) })
    await updater.step(passesOf(good, 4), 1)
    expect(await scaleOf(program)).toEqual([8, 1999, 0])
    await updater.step(passesOf(good, 4), 2)
    expect(await scaleOf(program)).toEqual([16, 0, 0])
  })

  it('gives gradients to rounding of fp16, whatever the scale', async () => {
    const norms: (number | undefined)[] = []
    for (const [settings, scale] of [
      [{}, 0],
      [fp16, 1],
      [fp16, 2 ** 12],
    ] as const) {
      const { updater, program } = await open(new TracedProgram(), settings)
      if (scale > 0) await program.write({ 'loss_scale/scale': Float32Array.of(scale) })
      norms.push((await updater.step(passesOf(good, 4), 1)).grad_norm)
    }
    const [exact = Number.NaN, ...rounded] = norms
    for (const norm of rounded) expect(Math.abs((norm ?? Number.NaN) / exact - 1)).toBeLessThan(2e-3)
  })

  it('ends, with the rows, where the scale falls below 1', async () => {
    const { updater, state } = await open(new TracedProgram(), fp16)
    const { w: before } = await state()
    const train = async () => {
      for (let step = 1; ; step++) await updater.step(passesOf(poisoned, 1), step)
    }
    await expect(train()).rejects.toThrow(
      /^loss is NaN at step 17 on row 3 of the data: .*the loss scale fell to 0.5, below 1,.*use precision bf16 or fp32/,
    )
    expect((await state()).w).toEqual(before)
  })
})

it('gives the numbers of one pass when a step is split into several', async () => {
  const run = async (size: number) => {
    const { updater, state } = await open(new TracedProgram())
    const values = [await updater.step(passesOf(good, size), 1), await updater.step(passesOf(good, size), 2)]
    const { w = [], b = [] } = await state()
    return [...values.flatMap(({ loss, grad_norm }) => [loss, grad_norm]), ...w, ...b]
  }
  const [whole, ...split] = [await run(4), await run(2), await run(1)]
  for (const numbers of split) {
    for (const [i, value] of numbers.entries()) expect(value).toBeCloseTo(whole?.[i] ?? Number.NaN, 5)
  }
})
