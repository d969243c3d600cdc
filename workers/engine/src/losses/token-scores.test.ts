import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { describe, expect, it } from 'vitest'
import { random } from '../random.ts'
import { gradients, type Precision, TracedProgram } from '../tracing/index.ts'
import { tokenScores } from './token-scores.ts'

interface Case {
  rows: number
  width: number
  vocabSize: number
  maxLogits?: number
  temperature?: number
  precision?: Precision
}

const drawn = (seed: number, size: number) => Float32Array.from({ length: size }, (_, i) => random(seed, i) * 6 - 3)

type Feeds = Record<'x' | 'weight' | 'dY', Float32Array> & { targets: Int32Array }

function feedsOf({ rows, width, vocabSize }: Case): Feeds {
  const targets = Int32Array.from({ length: rows }, (_, i) => (i * 7) % vocabSize)
  // Some rows do not count.
  const dY = drawn(2, rows).map((value, i) => (i % 5 === 3 ? 0 : value))
  return { x: drawn(0, rows * width), weight: drawn(1, vocabSize * width), dY, targets }
}

/** Scores, and gradients of the log-probs weighed by `dY`, by our kernels or without. */
async function scored(test: Case, kernels: boolean, feeds: Feeds = feedsOf(test)) {
  const { rows, width, vocabSize, precision = 'fp32', maxLogits, temperature } = test
  const program = new TracedProgram({ kernels })
  const float = (shape: number[]) => ({ shape, dtype: 'float32' as const })
  const inputs = {
    x: float([rows, width]),
    weight: float([vocabSize, width]),
    dY: float([rows]),
    targets: { shape: [rows], dtype: 'int32' as const },
  }
  const options = { ...(maxLogits && { maxLogits }), ...(temperature && { temperature }) }
  const run = program.define('run', { inputs, precision }, (_, { x, weight, dY, targets }) => {
    const scores = () => tokenScores(x, weight, targets, options)
    const { grads } = gradients(() => scores().logps.mul(dY).sum(), { x, weight })
    return { ...scores(), ...(grads as Record<'x' | 'weight', Tensor>) }
  })
  try {
    const outputs = await run(feeds)
    return Object.fromEntries(Object.entries(outputs).map(([name, { data }]) => [name, Array.from(data)]))
  } finally {
    program.close()
  }
}

/** In bf16 both round the gradients of logits, one before and one after `dY`: and what they become, to 8 bits. */
function expectClose(actual: Record<string, number[]>, expected: Record<string, number[]>, precision: Precision) {
  expect(Object.keys(actual)).toEqual(['logps', 'entropy', 'correct', 'x', 'weight'])
  for (const [name, values] of Object.entries(expected)) {
    const largest = Math.max(1, ...values.map(Math.abs))
    const worst = Math.max(...values.map((value, i) => Math.abs(value - (actual[name]?.[i] ?? Number.NaN))))
    const rounded = precision === 'bf16' && (name === 'x' || name === 'weight')
    expect(worst, name).toBeLessThan((rounded ? 2 ** -7 : 5e-6) * largest)
  }
}

const cases: [string, Case][] = [
  ['fewer tokens than a vector', { rows: 67, width: 4, vocabSize: 5 }],
  ['rows that no vector fits', { rows: 75, width: 8, vocabSize: 2_059 }],
  ['several pieces of a vocabulary', { rows: 72, width: 8, vocabSize: 3_000 }],
  ['so many rows that they would crowd the cache', { rows: 512, width: 8, vocabSize: 40 }],
  ['few rows', { rows: 5, width: 8, vocabSize: 1_024 }],
  ['no rows', { rows: 0, width: 4, vocabSize: 11 }],
  ['chunks', { rows: 150, width: 4, vocabSize: 11, maxLogits: 11 * 70 }],
  ['a temperature', { rows: 70, width: 4, vocabSize: 11, temperature: 0.7 }],
  ['bf16', { rows: 70, width: 4, vocabSize: 40, precision: 'bf16' }],
]

it.each([true, false])('computes no gradient of a frozen head (our kernels: %s)', async (kernels) => {
  const program = new TracedProgram({ kernels })
  const test = { rows: 9, width: 4, vocabSize: 40, maxLogits: 160 }
  const { x, weight, targets } = feedsOf(test)
  await program.addVariables({ weight: { shape: [40, 4], dtype: 'float32', data: weight } })
  const inputs = { x: { shape: [9, 4], dtype: 'float32' }, targets: { shape: [9], dtype: 'int32' } } as const
  const gradientOf = (name: string, frozenHead: boolean) => {
    const options = { maxLogits: 160, frozenHead }
    program.define(name, { inputs }, (variables, { x: rows, targets: labels }) => {
      const loss = () => tokenScores(rows, variables.weight as Tensor, labels, options).logps.sum()
      return gradients(loss, { rows }).grads as Record<'rows', Tensor>
    })
    return program.profile(name, { x, targets })
  }
  const [frozen, trained] = [await gradientOf('frozen', true), await gradientOf('trained', false)]
  program.close()
  expect(frozen.outputs.rows?.data).toEqual(trained.outputs.rows?.data)
  const product = 2 * 9 * 4 * 40
  // Logits and the gradient of the rows; else also that of the head, of all chunks whose end another one waits for.
  expect(frozen.productFlops).toBe(2 * product)
  expect(trained.productFlops).toBeGreaterThan(2.5 * product)
})

describe('tokenScores by our kernel', () => {
  it.each(cases)('are those of plain operations with %s, and so are the gradients', async (_, test) => {
    expectClose(await scored(test, true), await scored(test, false), test.precision ?? 'fp32')
  })

  it('calls the first of equal logits the likeliest', async () => {
    const test = { rows: 70, width: 1, vocabSize: 2_000 }
    const weight = new Float32Array(2_000).fill(2).fill(3, 1_500)
    const feeds = { ...feedsOf(test), x: new Float32Array(70).fill(1), weight }
    const targets = Int32Array.from({ length: 70 }, (_, i) => 1_450 + i)
    const { correct } = await scored(test, true, { ...feeds, targets })
    expect(correct?.indexOf(1)).toBe(50)
    expect(correct?.lastIndexOf(1)).toBe(50)
  })

  it.each([
    ['no number', Number.NaN],
    ['infinite', Number.POSITIVE_INFINITY],
    ['infinite and negative', Number.NEGATIVE_INFINITY],
  ])('lets no row with a logit that is %s look well', async (_, wrong) => {
    const test = { rows: 70, width: 1, vocabSize: 2_000 }
    const weight = new Float32Array(2_000).fill(1)
    const feeds = { ...feedsOf(test), x: new Float32Array(70).fill(1) }
    for (const place of [0, 9, 1_030, 1_999]) {
      const { logps } = await scored(test, true, { ...feeds, weight: weight.with(place, wrong) })
      expect(logps?.some(Number.isFinite)).toBe(false)
    }
  })

  it('refuses a target that is not of the vocabulary', async () => {
    const test = { rows: 70, width: 1, vocabSize: 5 }
    const feeds = { ...feedsOf(test), targets: new Int32Array(70).fill(5, 69) }
    await expect(scored(test, true, feeds)).rejects.toThrow('a target is not of the vocabulary')
  })
})
