import { k1 } from './kl.ts'

/** Grids (completions, tokens) row by row; `mask` is 1 for real tokens, which come first in a row. */
export interface TokenRewardInput {
  /** Under the policy that sampled. */
  logps: ArrayLike<number>
  refLogps: ArrayLike<number>
  mask: ArrayLike<number>
  /** One a completion: normalised, with penalties. */
  scores: ArrayLike<number>
  klCoef: number
}

export interface TokenRewards {
  /** 0 for padding. */
  rewards: Float32Array
  /** k1 of each token, 0 for padding. */
  kl: Float32Array
}

/** −klCoef · (logp − refLogp) at each token, plus the score at the last one (Ziegler et al., 2019). */
export function tokenRewards({ logps, refLogps, mask, scores, klCoef }: TokenRewardInput): TokenRewards {
  const width = logps.length / scores.length
  const at = (grid: ArrayLike<number>, i: number) => grid[i] ?? Number.NaN
  const kl = Float32Array.from(logps, (logp, i) => (mask[i] === 1 ? k1(logp - at(refLogps, i)) : 0))
  const isLast = (i: number) => mask[i] === 1 && ((i + 1) % width === 0 || mask[i + 1] === 0)
  const rewards = kl.map((value, i) => -klCoef * value + (isLast(i) ? at(scores, Math.floor(i / width)) : 0))
  return { rewards, kl }
}
