import { describe, expect, it } from 'vitest'
import { calibrationCurve, calibrationError, wilsonInterval } from './index.ts'

describe('wilsonInterval', () => {
  it.each([
    [0.5, 10, 0.2365931, 0.7634069],
    [1, 20, 0.8388748, 1],
    [0, 1, 0, 0.7934507],
  ])('of %d in %d trials', (rate, n, low, high) => {
    const interval = wilsonInterval(rate, n)
    expect(interval.low).toBeCloseTo(low, 6)
    expect(interval.high).toBeCloseTo(high, 6)
  })

  it('refuses no trial at all', () => {
    expect(() => wilsonInterval(0, 0)).toThrow('at least one trial')
  })
})

describe('calibrationCurve', () => {
  const forecasts = [
    { probability: 0.5, outcome: 1 },
    { probability: 0.54, outcome: 0 },
    { probability: 0.9, outcome: 1 },
    { probability: 0.92, outcome: 0.5 },
    { probability: 1, outcome: 1 },
  ]

  it('sets what was predicted against what came true, bin by bin', () => {
    const [even, sure, certain, ...more] = calibrationCurve(forecasts)
    expect(more).toEqual([])
    expect(even).toEqual({ predicted: 0.52, observed: 0.5, pairs: 2 })
    expect(sure).toEqual({ predicted: 0.91, observed: 0.75, pairs: 2 })
    expect(certain).toEqual({ predicted: 1, observed: 1, pairs: 1 })
  })

  it('has an error: the distances, weighted by their pairs', () => {
    // (2 · 0.02 + 2 · 0.16 + 0) / 5
    expect(calibrationError(calibrationCurve(forecasts))).toBeCloseTo(0.072, 9)
  })
})
