import type { Tensor, Tensor1D } from '@tensorflow/tfjs-node-gpu'
import { tf } from '../runtime/tf.ts'

/**
 * Rows of a table.
 * @param table - (V, D)
 * @param ids - int32, any shape
 * @returns (…ids, D)
 */
export function embedding(table: Tensor, ids: Tensor): Tensor {
  return tf.gather(table, ids as Tensor1D)
}
