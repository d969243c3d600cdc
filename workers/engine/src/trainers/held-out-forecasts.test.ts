import { describe, expect, it } from 'vitest'
import { judgeHeldOut } from './held-out-forecasts.ts'
import type { MeasuredPair } from './pair-source.ts'

const sequence = { ids: [1], lossMask: [false] }
const measured = (chosen: number, rejected: number, tie = false): MeasuredPair => ({
  pair: { chosen: sequence, rejected: sequence, tie, bothBad: false, strength: 1 },
  chosen,
  rejected,
})

/** Leads 1, 1 and −1 of decided pairs, and 0 of a tie. */
const pairs = [measured(2, 1), measured(1, 0), measured(0, 1), measured(3, 3, true)]

describe('judgeHeldOut', () => {
  it('gives accuracy with its interval and the margin, over decided pairs', () => {
    const result = judgeHeldOut(pairs, 0)
    expect(result).toMatchObject({ judged: 3, accuracy: 2 / 3, margin: 1 / 3 })
    expect(result.accuracy_low).toBeCloseTo(0.2076596, 6)
    expect(result.accuracy_high).toBeCloseTo(0.9385081, 6)
  })

  it('sets the probability of favourites against how often they won, a tie counting half', () => {
    const { calibration, calibration_error } = judgeHeldOut(pairs, 0)
    const [even, sure] = calibration as { predicted: number; observed: number; pairs: number }[]
    expect(even).toEqual({ predicted: 0.5, observed: 0.5, pairs: 1 })
    expect(sure).toMatchObject({ observed: 2 / 3, pairs: 3 })
    expect(sure?.predicted).toBeCloseTo(0.7310586, 6) // σ(1)
    expect(calibration_error).toBeCloseTo(0.75 * (0.7310586 - 2 / 3), 6)
  })

  it('counts half of Davidson’s ties to either side', () => {
    const { calibration } = judgeHeldOut([measured(1, 0)], 0.5)
    // (e^½ + ¼) / (e^½ + e^−½ + ½)
    expect((calibration as { predicted: number }[])[0]?.predicted).toBeCloseTo(0.689128, 6)
  })

  it('says nothing where nobody decided a pair', () => {
    expect(judgeHeldOut([measured(1, 1, true)], 0)).toEqual({ accuracy: null, margin: null, judged: 0 })
  })
})
