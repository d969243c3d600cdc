/**
 * Estimators of KL(policy ‖ ref) from one sampled token (Schulman, 2020), of the log-ratio logp − refLogp.
 * k1 is the log-ratio itself: unbiased, of any sign.
 */
export function k1(logRatio: number): number {
  return logRatio
}

/** Half its square: biased, never negative. */
export function k2(logRatio: number): number {
  return logRatio ** 2 / 2
}

/** e^−r − 1 + r: unbiased, never negative. */
export function k3(logRatio: number): number {
  return Math.expm1(-logRatio) + logRatio
}
