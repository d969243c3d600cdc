import { describe, expect, it } from 'vitest'
import { EpochSource } from './epoch-source.ts'
import { MixedSource, sourceOf } from './mixed-source.ts'

const settings = { batchSize: 4, gradientAccumulation: 1 }
const numbers = (from: number, count: number) => Array.from({ length: count }, (_, i) => from + i)
const mixture = () =>
  new MixedSource(
    [
      { items: numbers(0, 10), weight: 3 },
      { items: numbers(100, 5), weight: 1 },
    ],
    7,
  )
const steps = (source: MixedSource<number>, count: number) =>
  numbers(1, count).flatMap((step) => source.passesOf(step, settings).flat())

describe('EpochSource', () => {
  it('ends each epoch with a step of the items that are left, and starts the next with a full one', () => {
    const source = new EpochSource(numbers(0, 10), 'sequential')
    expect(source.stepsOf(2, settings)).toBe(6)
    const sizes = numbers(1, 6).map((step) => source.passesOf(step, settings).map(({ length }) => length))
    expect(sizes).toEqual([[4], [4], [2], [4], [4], [2]])
    expect(source.passesOf(6, settings)).toEqual([[8, 9]])
  })

  it('has the same items in a step of several passes as in a step of one', () => {
    const source = new EpochSource(numbers(0, 10), 7)
    const passes = (step: number) => source.passesOf(step, { batchSize: 2, gradientAccumulation: 3 })
    expect(passes(2).map(({ length }) => length)).toEqual([2, 2])
    for (const step of [1, 2, 3]) {
      expect(passes(step).flat()).toEqual(source.passesOf(step, { batchSize: 6, gradientAccumulation: 1 }).flat())
    }
  })

  it('takes part of an epoch', () => {
    expect(new EpochSource(numbers(0, 10), 7).stepsOf(0.5, settings)).toBe(2)
  })
})

describe('MixedSource', () => {
  it('draws from each source in its share', () => {
    const share = steps(mixture(), 1000).filter((item) => item < 100).length / 4000
    expect(share).toBeGreaterThan(0.73)
    expect(share).toBeLessThan(0.77)
  })

  it('goes through every item of a source before it repeats one', () => {
    const drawn = steps(mixture(), 40)
    for (const [from, count] of [
      [0, 10],
      [100, 5],
    ] as const) {
      const own = drawn.filter((item) => item >= from && item < from + count)
      expect(own.slice(0, count).sort((a, b) => a - b)).toEqual(numbers(from, count))
      expect(own.slice(count, 2 * count).sort((a, b) => a - b)).toEqual(numbers(from, count))
    }
  })

  it('gives the same items at a step whatever was asked for before', () => {
    const whole = steps(mixture(), 30)
    expect(mixture().passesOf(30, settings).flat()).toEqual(whole.slice(-4))
    const asked = mixture()
    asked.passesOf(29, settings)
    expect(asked.passesOf(3, settings).flat()).toEqual(whole.slice(8, 12))
  })

  it('is, with one source, that source', () => {
    const alone = sourceOf([{ items: numbers(0, 10), weight: 0.2 }], 7)
    const source = new EpochSource(numbers(0, 10), 7)
    expect(alone.passesOf(4, settings)).toEqual(source.passesOf(4, settings))
    expect(alone.stepsOf(2, settings)).toBe(source.stepsOf(2, settings))
  })
})
