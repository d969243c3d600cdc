import type { Tensor, Tensor1D } from '@tensorflow/tfjs-node-gpu'
import { tf } from '../runtime/tf.ts'

/**
 * States of some tokens.
 * @param x - (B, T, D)
 * @param at - int32 (N), flat places in (B·T)
 * @returns (N, D)
 */
export function atPlaces(x: Tensor, at: Tensor): Tensor {
  return tf.gather(x.reshape([-1, x.shape[2] ?? 1]), at as Tensor1D)
}
