import { describe, expect, it } from 'vitest'
import { grpoAdvantages, rlooAdvantages } from './group-advantages.ts'

function expectClose(actual: number[], expected: number[]) {
  expect(actual).toHaveLength(expected.length)
  for (const [i, value] of expected.entries()) expect(actual[i]).toBeCloseTo(value, 9)
}

describe('grpoAdvantages', () => {
  it('centres a group and divides by its deviation and a little more', () => {
    // Mean 3, squares 4 + 0 + 4 over 2: deviation 2.
    expectClose(grpoAdvantages([1, 3, 5]), [-2 / 2.0001, 0, 2 / 2.0001])
  })

  it('gives no advantage where all rewards are equal', () => {
    expectClose(grpoAdvantages([0.1, 0.1, 0.1]), [0, 0, 0])
  })
})

describe('rlooAdvantages', () => {
  it('compares each reward with the mean of the others', () => {
    // 1 − 4, 3 − 3, 5 − 2
    expectClose(rlooAdvantages([1, 3, 5]), [-3, 0, 3])
  })
})

it.each([grpoAdvantages, rlooAdvantages])('%o refuses a group with nothing to compare', (advantages) => {
  expect(() => advantages([1])).toThrow('at least 2 completions, got 1')
  expect(() => advantages([])).toThrow('at least 2 completions, got 0')
})
