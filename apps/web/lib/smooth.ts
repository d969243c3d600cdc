/**
 * Exponential moving average, corrected for its start as Adam corrects its moments, so that the first values are not
 * drawn towards zero. `weight` in [0, 1) is the share of the past; gaps (null) stay gaps and are not learned from.
 */
export function smooth(values: readonly (number | null)[], weight: number): (number | null)[] {
  if (weight <= 0) return [...values]
  let average = 0
  let pastShare = 1
  return values.map((value) => {
    if (value === null) return null
    average = weight * average + (1 - weight) * value
    pastShare *= weight
    return average / (1 - pastShare)
  })
}
