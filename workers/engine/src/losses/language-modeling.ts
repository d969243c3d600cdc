import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { type TokenScoreOptions, type TokenScores, tokenScores } from './token-scores.ts'

export interface LanguageModelingInput {
  /** (M, D): states after the final norm that predict the targets. */
  hidden: Tensor
  /** (V, D) */
  headWeight: Tensor
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
  const scores = tokenScores(input.hidden, headWeight, targets, options)
  return {
    ...scores,
    lossSum: scores.logps.mul(weights).sum().neg(),
    denominator: weights.sum(),
    entropySum: scores.entropy.mul(weights).sum(),
    correctSum: scores.correct.mul(weights).sum(),
  }
}
