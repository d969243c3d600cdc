import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { tf } from '../runtime/tf.ts'
import { ppoPolicyLoss } from './ppo.ts'
import { weightedSum } from './weighted-sum.ts'

/** Groups of completions in rows: log-probs are (R, T). */
export interface GroupPolicyInput {
  logps: Tensor
  /** Under the policy that sampled. */
  oldLogps: Tensor
  /** (R, T), where the loss has a KL term. */
  refLogps?: Tensor | undefined
  /** (R), constants: of completions within their group. */
  advantages: Tensor
  /** (R, T): 1 for real tokens. */
  mask: Tensor
  /** (R, T): what a token counts in the loss. */
  weights: Tensor
  /** (R, T): 1 over the tokens of the whole mini-batch, for what is a mean over tokens. */
  shares: Tensor
}

/** Scalars. */
export interface GroupPolicyLoss {
  loss: Tensor
  clipFraction: Tensor
}

/**
 * GRPO (Shao et al., 2024): the clipped surrogate of each token with the advantage of its completion, and beta · k3 to
 * the reference.
 */
export function grpoLoss(
  { refLogps, advantages, shares, ...tokens }: GroupPolicyInput,
  { clipRange, beta }: { clipRange: number; beta: number },
): GroupPolicyLoss {
  const input = { ...tokens, advantages: tf.expandDims(advantages, 1) }
  const { loss } = ppoPolicyLoss(input, clipRange)
  const { clipFraction } = ppoPolicyLoss({ ...input, weights: shares }, clipRange)
  if (!refLogps || beta === 0) return { loss, clipFraction }
  const kl = weightedSum(k3To(refLogps, tokens.logps, tokens.mask), tokens.weights)
  return { loss: tf.add(loss, tf.mul(kl, beta)), clipFraction }
}

/** e^(ref − logp) − 1 − (ref − logp); padding may hold anything and is 0. */
function k3To(refLogps: Tensor, logps: Tensor, mask: Tensor): Tensor {
  const difference = refLogps.sub(logps).mul(mask)
  return tf.sub(tf.expm1(difference), difference)
}

/**
 * RLOO (Ahmadian et al., 2024): a completion is one action, so that ratio and clipping are of its summed log-prob.
 * It counts what its tokens' weights add up to.
 */
export function rlooLoss(
  { logps, oldLogps, advantages, mask, weights }: GroupPolicyInput,
  { clipRange }: { clipRange: number },
): GroupPolicyLoss {
  const ofCompletion = (values: Tensor) => tf.sum(tf.mul(values, mask), 1)
  const { loss, clipFraction } = ppoPolicyLoss(
    {
      logps: ofCompletion(logps),
      oldLogps: ofCompletion(oldLogps),
      advantages,
      mask: tf.onesLike(advantages),
      weights: tf.sum(weights, 1),
    },
    clipRange,
  )
  return { loss, clipFraction }
}
