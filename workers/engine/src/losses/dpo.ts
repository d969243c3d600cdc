import { type PairLossName, referenceFreeLosses } from '@temper/db/contracts'
import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { tf } from '../runtime/tf.ts'
import {
  type AnswerLogps,
  logRatio,
  negativeLogLikelihood,
  type PairLogps,
  type PreferenceSettings,
  preferenceLosses,
} from './preference-losses.ts'

export interface DpoSettings extends PreferenceSettings {
  loss: PairLossName
  /** Log-probs a token in place of sums: a long answer weighs as much as a short one. */
  lengthNormalize?: boolean
  /** Weight of −log p(chosen) a token, added to the loss. */
  sftWeight?: number
}

export interface DpoLoss {
  /** (N) */
  losses: Tensor
  /** Implicit rewards, (N); constants of the gradient only by use. See `impliedReward`. */
  chosenRewards: Tensor
  rejectedRewards: Tensor
}

/**
 * Direct preference optimisation: one loss a pair and the rewards that the policy implies. `lengthNormalize` divides
 * every log-prob by its answer's tokens (Tülu 3: Lambert et al., 2024; TRL's `sigmoid_norm`); `sftWeight` adds the
 * chosen answer's negative log-likelihood a token (Pang et al., 2024; TRL's `rpo_alpha`, which takes its mean over the
 * batch's tokens and not over answers).
 */
export function dpoLoss(pairs: PairLogps, settings: DpoSettings): DpoLoss {
  const { loss, lengthNormalize = false, sftWeight = 0 } = settings
  const compared = lengthNormalize ? { chosen: perToken(pairs.chosen), rejected: perToken(pairs.rejected) } : pairs
  const losses = preferenceLosses[loss](compared, settings)
  return {
    losses: sftWeight === 0 ? losses : losses.add(negativeLogLikelihood(pairs.chosen).mul(sftWeight)),
    chosenRewards: impliedReward(pairs.chosen, settings),
    rejectedRewards: impliedReward(pairs.rejected, settings),
  }
}

/**
 * beta · (logp − refLogp) summed over the answer, whatever the loss; of a loss without a reference beta · logp a token,
 * as TRL logs it.
 */
function impliedReward(answer: AnswerLogps, { loss, beta }: DpoSettings): Tensor {
  const free = referenceFreeLosses.some((name) => name === loss)
  return (free ? answer.policy.div(answer.tokens) : logRatio(answer)).mul(beta)
}

function perToken({ policy, reference, tokens }: AnswerLogps): AnswerLogps {
  return { policy: policy.div(tokens), reference: reference.div(tokens), tokens: tf.onesLike(tokens) }
}
