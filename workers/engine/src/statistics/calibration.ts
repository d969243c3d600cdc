/** What a model held likely, from ½ to 1, and what came of it: 1, 0, or ½ for a tie. */
export interface Forecast {
  probability: number
  outcome: number
}

/** Forecasts of about the same probability: their mean, the share that came true, and how many pairs they are of. */
export type CalibrationBin = {
  predicted: number
  observed: number
  pairs: number
}

/**
 * The calibration curve of forecasts of favourites: bins of equal width from ½ to 1, empty ones left out. A model that
 * means its probabilities has `observed` near `predicted` in each.
 */
export function calibrationCurve(forecasts: readonly Forecast[], bins = 10): CalibrationBin[] {
  const binOf = (probability: number) => Math.min(bins - 1, Math.floor((probability - 0.5) * 2 * bins))
  const members = Array.from({ length: bins }, (_, bin) => forecasts.filter((one) => binOf(one.probability) === bin))
  return members
    .filter(({ length }) => length > 0)
    .map((bin) => ({
      predicted: mean(bin.map(({ probability }) => probability)),
      observed: mean(bin.map(({ outcome }) => outcome)),
      pairs: bin.length,
    }))
}

/** Expected calibration error (Guo et al., 2017): the mean distance of a forecast's bin from what it predicts. */
export function calibrationError(curve: readonly CalibrationBin[]): number {
  const pairs = curve.reduce((sum, bin) => sum + bin.pairs, 0)
  return curve.reduce((sum, bin) => sum + bin.pairs * Math.abs(bin.predicted - bin.observed), 0) / pairs
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
