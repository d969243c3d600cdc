import { describe, expect, it } from 'vitest'
import { normalStream } from './normal-stream.ts'

const draw = (count: number, seed: number, stream: number) => {
  const next = normalStream(seed, stream)
  return Array.from({ length: count }, next)
}

describe('normalStream', () => {
  it('has the moments of a standard normal', () => {
    const values = draw(100_000, 1, 2)
    const moment = (power: number) => values.reduce((sum, value) => sum + value ** power, 0) / values.length
    // standard errors: 0.003, 0.004, 0.012, 0.03
    expect(Math.abs(moment(1))).toBeLessThan(0.015)
    expect(Math.abs(moment(2) - 1)).toBeLessThan(0.02)
    expect(Math.abs(moment(3))).toBeLessThan(0.06)
    expect(Math.abs(moment(4) - 3)).toBeLessThan(0.15)
  })

  it('repeats by seed and stream, and differs by either', () => {
    expect(draw(5, 1, 2)).toEqual(draw(5, 1, 2))
    expect(draw(5, 1, 2)).not.toEqual(draw(5, 2, 2))
    expect(draw(5, 1, 2)).not.toEqual(draw(5, 1, 3))
  })

  it('draws deviates that do not depend on their neighbours', () => {
    const values = draw(100_000, 3, 4)
    for (const lag of [1, 2]) {
      const product = values.slice(lag).reduce((sum, value, i) => sum + value * (values[i] ?? 0), 0) / values.length
      expect(Math.abs(product)).toBeLessThan(0.016)
    }
  })
})
