import { calibrationCurve, calibrationError, type Forecast, wilsonInterval } from '../statistics/index.ts'
import type { MeasuredPair } from './pair-source.ts'
import type { Result } from './trainer.ts'

/**
 * What a reward model says of held-out pairs: `accuracy` over the `judged` ones that somebody decided, with its 95 %
 * interval, `margin`, and over all of them how far its probabilities can be believed. Nulls where there are no pairs.
 * @param nu - Davidson's, 0 for Bradley–Terry
 */
export function judgeHeldOut(scored: readonly MeasuredPair[], nu: number): Result {
  const decided = scored.filter(({ pair }) => !pair.tie)
  const judged = decided.length
  if (judged === 0) return { accuracy: null, margin: null, judged }
  const accuracy = decided.filter(({ chosen, rejected }) => chosen > rejected).length / judged
  const { low, high } = wilsonInterval(accuracy, judged)
  const margin = decided.reduce((sum, { chosen, rejected }) => sum + chosen - rejected, 0) / judged
  const calibration = calibrationCurve(scored.map((one) => forecastOf(one, nu)))
  const calibration_error = calibrationError(calibration)
  return { accuracy, accuracy_low: low, accuracy_high: high, margin, judged, calibration_error, calibration }
}

/** How likely the answer with the higher score is to win, ties counted half, and what it did. */
function forecastOf({ chosen, rejected, pair }: MeasuredPair, nu: number): Forecast {
  const half = Math.abs(chosen - rejected) / 2
  const probability = (1 + (nu / 2) * Math.exp(-half)) / (1 + Math.exp(-2 * half) + nu * Math.exp(-half))
  if (pair.tie || chosen === rejected) return { probability, outcome: 0.5 }
  return { probability, outcome: chosen > rejected ? 1 : 0 }
}
