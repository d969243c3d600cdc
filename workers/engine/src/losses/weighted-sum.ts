import type { Tensor } from '@tensorflow/tfjs-node-gpu'

/** Σ weight · value, a scalar: a mean where the weights of a whole batch, over all its passes, add up to 1. */
export function weightedSum(values: Tensor, weights: Tensor): Tensor {
  return values.mul(weights).sum()
}
