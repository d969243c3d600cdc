import type { Verdict } from '@temper/db/contracts'
import { describe, expect, it } from 'vitest'
import { winRate } from './win-rate.ts'

const verdicts = (wins: number, losses: number, ties: number): Verdict[] => [
  ...Array.from({ length: wins }, (): Verdict => 'win'),
  ...Array.from({ length: losses }, (): Verdict => 'loss'),
  ...Array.from({ length: ties }, (): Verdict => 'tie'),
]

describe('winRate', () => {
  it('gives the Wilson interval of plain wins and losses', () => {
    const { rate, low, high } = winRate(verdicts(80, 20, 0))
    expect(rate).toBe(0.8)
    expect(low).toBeCloseTo(0.7112, 4)
    expect(high).toBeCloseTo(0.8666, 4)
  })

  it('counts a tie as half a win and keeps the counts', () => {
    expect(winRate(verdicts(6, 2, 2))).toMatchObject({ rate: 0.7, wins: 6, losses: 2, ties: 2 })
  })

  it('stays within 0 and 1 at the ends', () => {
    expect(winRate(verdicts(5, 0, 0))).toMatchObject({ rate: 1, high: 1 })
    expect(winRate(verdicts(0, 5, 0))).toMatchObject({ rate: 0, low: 0 })
  })

  it('refuses to speak without a verdict', () => {
    expect(() => winRate([])).toThrow(RangeError)
  })
})
