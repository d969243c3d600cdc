import { k1 } from './kl.ts'

export interface CompletionForReward {
  /** A value a completion token under the policy that sampled it. */
  logps: ArrayLike<number>
  refLogps: ArrayLike<number>
  /** Score of the whole completion, normalised, with penalties. */
  score: number
}

/** −klCoef · (logp − refLogp) at each token, plus the score at the last one (Ziegler et al., 2019). */
export function tokenRewards({ logps, refLogps, score }: CompletionForReward, klCoef: number): number[] {
  const last = logps.length - 1
  return Array.from(logps, (logp, t) => -klCoef * k1(logp, refLogps[t] ?? Number.NaN) + (t === last ? score : 0))
}
