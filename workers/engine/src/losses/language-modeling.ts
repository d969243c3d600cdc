import type { Tensor, Tensor1D } from '@tensorflow/tfjs-node-gpu'
import { tf } from '../runtime/tf.ts'
import { type TokenScoreOptions, type TokenScores, tokenScores } from './token-scores.ts'

export interface LanguageModelingInput {
  /** (B, T, D), after the final norm. */
  hidden: Tensor
  /** (V, D) */
  headWeight: Tensor
  /** int32 (M): flat indices into (B·T) of the states that predict the targets. */
  lossPositions: Tensor
  /** int32 (M) */
  targets: Tensor
  /** float32 (M): 0 for padding. */
  weights: Tensor
}

export interface LanguageModelingLoss extends TokenScores {
  /** Σ weight · −logp, a scalar. Divide by the weights of the whole batch, over all accumulated passes. */
  lossSum: Tensor
  /** Σ weight, a scalar. */
  denominator: Tensor
  /** Σ weight · entropy and Σ weight · correct: with the denominator, the batch's means. */
  entropySum: Tensor
  correctSum: Tensor
}

/** Next-token cross entropy at chosen positions, summed, with the sums that its metrics need. */
export function languageModelingLoss(
  input: LanguageModelingInput,
  options: TokenScoreOptions = {},
): LanguageModelingLoss {
  const { headWeight, targets, weights } = input
  const scores = tokenScores(gatherHidden(input.hidden, input.lossPositions), headWeight, targets, options)
  return {
    ...scores,
    lossSum: scores.logps.mul(weights).sum().neg(),
    denominator: weights.sum(),
    entropySum: scores.entropy.mul(weights).sum(),
    correctSum: scores.correct.mul(weights).sum(),
  }
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
