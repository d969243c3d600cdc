import type { Tensor, Tensor1D } from '@tensorflow/tfjs-node-gpu'
import { tf } from '../runtime/tf.ts'

/**
 * Summed log-probability of each sequence's trained tokens.
 * @param logps - (M)
 * @param weights - (M): 0 for padding
 * @param sequenceOf - int32 (M): the sequence each token belongs to, below `sequences`
 * @returns (sequences)
 */
export function sequenceLogps(logps: Tensor, weights: Tensor, sequenceOf: Tensor, sequences: number): Tensor {
  return tf.unsortedSegmentSum(logps.mul(weights), sequenceOf as Tensor1D, sequences)
}
