import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { tf } from '../runtime/tf.ts'
import { weightedSum } from './weighted-sum.ts'

/** Values of completion tokens, all of one shape. */
export interface PolicyLossInput {
  logps: Tensor
  /** Under the policy that sampled. */
  oldLogps: Tensor
  /** Constants. */
  advantages: Tensor
  /** 1 for real tokens and 0 for padding. */
  mask: Tensor
  /** What a token counts: 0 for padding, and 1 all together over the passes of an optimizer step. */
  weights: Tensor
}

/** Scalars: means by the weights. */
export interface PolicyLoss {
  loss: Tensor
  /** Share of tokens where the clipped term is the larger one. */
  clipFraction: Tensor
  /** Mean ½ (logp − oldLogp)². */
  approxKl: Tensor
  /** Mean probability ratio new to old. */
  ratio: Tensor
}

/** Clipped surrogate: max(−A·r, −A·clip(r, 1 − ε, 1 + ε)), r = exp(logp − oldLogp) (Schulman et al., 2017). */
export function ppoPolicyLoss(input: PolicyLossInput, clipRange: number): PolicyLoss {
  const { logps, oldLogps, advantages, mask, weights } = input
  // Padding may hold anything: its ratio must not overflow.
  const difference = logps.sub(oldLogps).mul(mask)
  const ratio = difference.exp()
  const plain = advantages.mul(ratio).neg()
  const clipped = advantages.mul(ratio.clipByValue(1 - clipRange, 1 + clipRange)).neg()
  return {
    loss: weightedSum(tf.maximum(plain, clipped), weights),
    clipFraction: weightedSum(tf.greater(clipped, plain).cast('float32'), weights),
    approxKl: weightedSum(difference.square().mul(0.5), weights),
    ratio: weightedSum(ratio, weights),
  }
}

export interface ValueLossInput {
  values: Tensor
  oldValues: Tensor
  returns: Tensor
  /** As for the policy. */
  weights: Tensor
}

/** Scalars: means by the weights. */
export interface ValueLoss {
  loss: Tensor
  clipFraction: Tensor
}

/** ½ max((v − R)², (clip(v, oldV ± ε) − R)²): the value may not profit from moving further than ε. */
export function ppoValueLoss(input: ValueLossInput, clipRange: number): ValueLoss {
  const { values, oldValues, returns, weights } = input
  const near = oldValues.add(values.sub(oldValues).clipByValue(-clipRange, clipRange))
  const plain = values.sub(returns).square()
  const clipped = near.sub(returns).square()
  return {
    loss: weightedSum(tf.maximum(plain, clipped), weights).mul(0.5),
    clipFraction: weightedSum(tf.greater(clipped, plain).cast('float32'), weights),
  }
}
