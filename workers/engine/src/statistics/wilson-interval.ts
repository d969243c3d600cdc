/** 95 % of a standard normal lies within this many deviations. */
const z95 = 1.959963984540054

/**
 * The 95 % interval of a share that was seen in `n` trials (Wilson, 1927). Halves may count: `rate` is any number from
 * 0 to 1.
 * @throws RangeError without a trial
 */
export function wilsonInterval(rate: number, n: number): { low: number; high: number } {
  if (n < 1) throw new RangeError(`an interval needs at least one trial, ${n} given`)
  const center = (rate + z95 ** 2 / (2 * n)) / (1 + z95 ** 2 / n)
  const half = (z95 / (1 + z95 ** 2 / n)) * Math.sqrt((rate * (1 - rate)) / n + z95 ** 2 / (4 * n ** 2))
  return { low: Math.max(0, center - half), high: Math.min(1, center + half) }
}
