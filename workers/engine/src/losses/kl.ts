/** Estimators of KL(policy ‖ ref) from one sampled token (Schulman, 2020): k1 = logp − ref, unbiased, any sign. */
export function k1(logp: number, refLogp: number): number {
  return logp - refLogp
}

/** ½ (logp − ref)²: biased, never negative. */
export function k2(logp: number, refLogp: number): number {
  return (logp - refLogp) ** 2 / 2
}

/** e^(ref − logp) − 1 − (ref − logp): unbiased, never negative. */
export function k3(logp: number, refLogp: number): number {
  return Math.expm1(refLogp - logp) - (refLogp - logp)
}

/** By the name that recipes give them. */
export const klEstimators = { k1, k2, k3 }
export type KlEstimator = (logp: number, refLogp: number) => number
