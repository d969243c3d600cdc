import type { Tensor } from '@tensorflow/tfjs-node-gpu'

/** Mean of the values whose mask (0 or 1, same shape) is 1. */
export function maskedMean(values: Tensor, mask: Tensor): Tensor {
  return values.mul(mask).sum().div(mask.sum())
}
