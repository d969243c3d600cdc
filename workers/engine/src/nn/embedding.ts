import * as tf from '@tensorflow/tfjs-node-gpu'

/**
 * Rows of a table.
 * @param table - (V, D)
 * @param ids - int32, any shape
 * @returns (…ids, D)
 */
export function embedding(table: tf.Tensor, ids: tf.Tensor): tf.Tensor {
  return tf.gather(table, ids as tf.Tensor1D)
}
