import { describe, expect, it } from 'vitest'
import { smooth } from './smooth.ts'

describe('smooth', () => {
  it('leaves values alone at weight 0', () => {
    expect(smooth([3, null, 1], 0)).toEqual([3, null, 1])
  })

  it('keeps a constant constant from the first value on', () => {
    for (const value of smooth([2, 2, 2], 0.9)) expect(value).toBeCloseTo(2, 12)
  })

  it('weighs the past by the weight', () => {
    // 1; (0.5·0.5·1 + 0.5·3)/0.75; (0.25·0.5·1 + 0.25·3 + 0.5·5)/0.875
    const expected = [1, 7 / 3, 27 / 7]
    smooth([1, 3, 5], 0.5).forEach((value, index) => {
      expect(value).toBeCloseTo(expected[index] ?? Number.NaN, 12)
    })
  })

  it('keeps gaps and goes on after them as if they were not there', () => {
    const [first, gap, second] = smooth([1, null, 3], 0.5)
    expect([first, gap]).toEqual([1, null])
    expect(second).toBeCloseTo(7 / 3, 12)
  })
})
