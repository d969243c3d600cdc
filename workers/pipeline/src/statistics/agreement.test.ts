import { describe, expect, it } from 'vitest'
import { cohenKappa, fleissKappa, krippendorffAlpha } from './agreement.ts'

describe('cohenKappa', () => {
  it('takes the chance of agreement from what each labeler says', () => {
    // 3 of 4 agree; by chance (3 · 2 + 1 · 2) / 16.
    expect(cohenKappa(['a', 'a', 'a', 'b'], ['a', 'a', 'b', 'b'])).toBeCloseTo(0.5, 12)
  })

  it('is 1 for the same labels and below 0 for opposite ones', () => {
    expect(cohenKappa([0, 1, 2], [0, 1, 2])).toBe(1)
    expect(cohenKappa([0, 1], [1, 0])).toBe(-1)
  })

  it('says nothing without votes, or where both know one label only', () => {
    expect(cohenKappa([], [])).toBeNull()
    expect(cohenKappa(['a', 'a', 'a'], ['a', 'a', 'a'])).toBeNull()
  })

  it('refuses labelers of different items', () => {
    expect(() => cohenKappa([0, 1], [0])).toThrow('two labels an item, got 2 and 1')
  })
})

describe('fleissKappa', () => {
  it('compares every two votes of an item', () => {
    // Within items 1, 1/3, 1/3, mean 5/9; by chance (5/9)² + (4/9)² = 41/81: (45 − 41) / (81 − 41).
    const items = [
      ['a', 'a', 'a'],
      ['a', 'b', 'b'],
      ['b', 'a', 'b'],
    ]
    expect(fleissKappa(items)).toBeCloseTo(0.1, 12)
  })

  it('says nothing without votes, of one labeler, or of one label only', () => {
    expect(fleissKappa([])).toBeNull()
    expect(fleissKappa([['a'], ['b']])).toBeNull()
    expect(
      fleissKappa([
        ['a', 'a'],
        ['a', 'a'],
      ]),
    ).toBeNull()
  })

  it('refuses items with unequal numbers of votes', () => {
    expect(() => fleissKappa([['a', 'a'], ['b']])).toThrow('equally many votes an item, got 2 and 1')
  })
})

describe('krippendorffAlpha', () => {
  const items = [
    ['a', 'a'],
    ['b', 'b', 'b'],
    ['a', 'b'],
  ]

  it('weighs items by their votes', () => {
    // Within items (2 + 3 + 0) / 7; by chance (3 · 2 + 4 · 3) / 42: (30 − 18) / (42 − 18).
    expect(krippendorffAlpha(items)).toBeCloseTo(0.5, 12)
  })

  it('leaves out items with less than two votes', () => {
    expect(krippendorffAlpha([...items, ['a'], [], ['c']])).toBe(krippendorffAlpha(items))
  })

  it('says nothing without votes, of one labeler, or of one label only', () => {
    expect(krippendorffAlpha([])).toBeNull()
    expect(krippendorffAlpha([['a'], ['b']])).toBeNull()
    expect(
      krippendorffAlpha([
        ['a', 'a'],
        ['a', 'a', 'a'],
      ]),
    ).toBeNull()
  })
})
