import { describe, expect, it } from 'vitest'
import { completionGrid } from './completion-grid.ts'
import { logpDifference } from './logp-difference.ts'
import { meanOfUpdates } from './mean-of-updates.ts'
import { passRows, shuffledMiniBatches, updatesOf, updatesPerIteration } from './mini-batches.ts'
import { deviation, variance } from './statistics.ts'

describe('shuffledMiniBatches', () => {
  const pass = { seed: 3, iteration: 1, epoch: 0 }

  it('has every episode once, in mini-batches of passes', () => {
    const miniBatches = shuffledMiniBatches(11, { miniBatches: 2, batchSize: 4 }, pass)
    expect(miniBatches.map((passes) => passes.map((rows) => rows.length))).toEqual([
      [4, 2],
      [4, 1],
    ])
    expect(miniBatches.flat(2).toSorted((a, b) => a - b)).toEqual([...Array(11).keys()])
  })

  it('has the order of seed, iteration and epoch, whatever the passes', () => {
    const order = (settings: object, other: object = {}) =>
      shuffledMiniBatches(12, { miniBatches: 3, ...settings }, { ...pass, ...other }).flat(2)
    expect(order({ batchSize: 1 })).toEqual(order({}))
    for (const other of [{ seed: 4 }, { iteration: 2 }, { epoch: 1 }]) expect(order({}, other)).not.toEqual(order({}))
  })

  it('takes fewer steps than asked for where there are fewer episodes', () => {
    // five episodes in mini-batches of two
    expect(updatesPerIteration({ episodes: 5, epochs: 1, miniBatches: 4 })).toBe(3)
    expect(shuffledMiniBatches(5, { miniBatches: 4 }, pass)).toHaveLength(3)
  })

  it('measures in rows of a pass, a whole mini-batch unless set', () => {
    expect(passRows(12, { miniBatches: 3 })).toBe(4)
    expect(passRows(12, { miniBatches: 3, batchSize: 2 })).toBe(2)
    expect(passRows(12, { miniBatches: 3, batchSize: 64 })).toBe(4)
  })
})

describe('updatesOf', () => {
  it('goes over the episodes in another order each time, and counts steps over all iterations', () => {
    const plan = { episodes: 5, epochs: 2, miniBatches: 2, batchSize: 2 }
    const updates = updatesOf(plan, { seed: 3, iteration: 4 })
    // three iterations of four steps came before
    expect(updates.map(({ step }) => step)).toEqual([13, 14, 15, 16])
    expect(updates.map(({ miniBatch }) => miniBatch)).toEqual([
      ...shuffledMiniBatches(5, plan, { seed: 3, iteration: 4, epoch: 0 }),
      ...shuffledMiniBatches(5, plan, { seed: 3, iteration: 4, epoch: 1 }),
    ])
  })
})

describe('completionGrid', () => {
  it('takes the chosen completions, with zeros behind each', () => {
    expect(completionGrid([[1, 2], [3], [4, 5, 6]], [2, 1], 3)).toEqual({
      shape: [2, 3],
      data: Float32Array.of(4, 5, 6, 3, 0, 0),
    })
  })
})

describe('logpDifference', () => {
  it('is the largest distance of a token', () => {
    expect(logpDifference([[-1, -2], [-3]], [[-1.25, -2], [-2.5]])).toBe(0.5)
  })
})

describe('statistics', () => {
  it('divides a variance by n, a deviation by n − 1', () => {
    expect(variance([1, 3, 5])).toBeCloseTo(8 / 3, 12)
    expect(deviation([1, 3, 5])).toBeCloseTo(2, 12)
    expect(deviation([4])).toBe(0)
  })

  it('are means over updates, and the last learning rate', () => {
    const updates = [
      { loss: 1, learning_rate: 0.2 },
      { loss: 3, learning_rate: 0.1 },
    ]
    expect(meanOfUpdates(updates)).toEqual({ loss: 2, learning_rate: 0.1 })
  })
})
