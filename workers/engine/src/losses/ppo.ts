import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { tf } from '../runtime/tf.ts'
import { maskedMean } from './masked-mean.ts'

/** Values of completion tokens, all of one shape; `mask` is 1 for real tokens and 0 for padding. */
export interface PolicyLossInput {
  logps: Tensor
  /** Under the policy that sampled. */
  oldLogps: Tensor
  /** Whitened, constants. */
  advantages: Tensor
  mask: Tensor
}

export interface PolicyLoss {
  /** Mean over completion tokens, a scalar. */
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
  const { logps, oldLogps, advantages, mask } = input
  // Padding may hold anything: its ratio must not overflow.
  const difference = logps.sub(oldLogps).mul(mask)
  const ratio = difference.exp()
  const plain = advantages.mul(ratio).neg()
  const clipped = advantages.mul(ratio.clipByValue(1 - clipRange, 1 + clipRange)).neg()
  return {
    loss: maskedMean(tf.maximum(plain, clipped), mask),
    clipFraction: maskedMean(tf.greater(clipped, plain).cast('float32'), mask),
    approxKl: maskedMean(difference.square().mul(0.5), mask),
    ratio: maskedMean(ratio, mask),
  }
}

export interface ValueLossInput {
  values: Tensor
  oldValues: Tensor
  returns: Tensor
  mask: Tensor
}

export interface ValueLoss {
  /** Mean over completion tokens, a scalar. */
  loss: Tensor
  clipFraction: Tensor
}

/** ½ max((v − R)², (clip(v, oldV ± ε) − R)²): the value may not profit from moving further than ε. */
export function ppoValueLoss(input: ValueLossInput, clipRange: number): ValueLoss {
  const { values, oldValues, returns, mask } = input
  const near = oldValues.add(values.sub(oldValues).clipByValue(-clipRange, clipRange))
  const plain = values.sub(returns).square()
  const clipped = near.sub(returns).square()
  return {
    loss: maskedMean(tf.maximum(plain, clipped), mask).mul(0.5),
    clipFraction: maskedMean(tf.greater(clipped, plain).cast('float32'), mask),
  }
}
