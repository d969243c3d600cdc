/**
 * Largest distance between the sampler's and the trainer's log-prob of a token, nats. Both have the same weights, so
 * that it is rounding; more means that sampling and scoring differ.
 * @param sampled - one list a completion
 * @param measured - as `sampled`
 */
export function logpDifference(sampled: readonly number[][], measured: readonly number[][]): number {
  const differences = sampled.flatMap((row, i) =>
    row.map((logp, t) => Math.abs(logp - (measured[i]?.[t] ?? Number.NaN))),
  )
  return differences.reduce((largest, difference) => Math.max(largest, difference), 0)
}
