import { type KlEstimator, k1 } from './kl.ts'

export interface CompletionForReward {
  /** A value a completion token under the policy that sampled it. */
  logps: ArrayLike<number>
  refLogps: ArrayLike<number>
  /** Score of the whole completion, normalised, with penalties. */
  score: number
}

/** −klCoef · KL to the reference at each token, plus the score at the last one (Ziegler et al., 2019). */
export function tokenRewards(
  { logps, refLogps, score }: CompletionForReward,
  klCoef: number,
  estimator: KlEstimator = k1,
): number[] {
  const last = logps.length - 1
  return Array.from(logps, (logp, t) => {
    const penalty = klCoef * estimator(logp, refLogps[t] ?? Number.NaN)
    return (t === last ? score : 0) - penalty
  })
}
