import type { Tensor, Tensor1D } from '@tensorflow/tfjs-node-gpu'
import { tf } from '../runtime/tf.ts'
import { type TokenScoreOptions, type TokenScores, tokenScores } from './token-scores.ts'

/**
 * Next-token scores at chosen positions: the cross entropy of target j is `-logps[j]`. The caller weights and sums them,
 * with the denominator of the whole batch, over all accumulated passes.
 * @param hidden - (B, T, D), after the final norm
 * @param headWeight - (V, D)
 * @param lossPositions - int32 (M): flat indices into (B·T) of the states that predict the targets
 * @param targets - int32 (M)
 */
export function tokenLosses(
  hidden: Tensor,
  headWeight: Tensor,
  lossPositions: Tensor,
  targets: Tensor,
  options: TokenScoreOptions = {},
): TokenScores {
  return tokenScores(gatherHidden(hidden, lossPositions), headWeight, targets, options)
}

/**
 * Hidden states at flat positions.
 * @param hidden - (B, T, D)
 * @param positions - int32 (M), indices into (B·T)
 * @returns (M, D)
 */
export function gatherHidden(hidden: Tensor, positions: Tensor): Tensor {
  const width = hidden.shape[2] ?? 1
  return tf.gather(hidden.reshape([-1, width]), positions as Tensor1D)
}
