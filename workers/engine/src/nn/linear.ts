import * as tf from '@tensorflow/tfjs-node-gpu'

/**
 * x W^T + b for a weight in PyTorch's layout.
 * @param x - (…, I)
 * @param weight - (O, I)
 * @param bias - (O)
 * @returns (…, O)
 */
export function linear(x: tf.Tensor, weight: tf.Tensor, bias?: tf.Tensor): tf.Tensor {
  return onRows(x, (rows) => withBias(tf.matMul(rows, weight as tf.Tensor2D, false, true), bias))
}

/**
 * x W + b for a weight in the layout of GPT-2's Conv1D.
 * @param x - (…, I)
 * @param weight - (I, O)
 * @param bias - (O)
 * @returns (…, O)
 */
export function conv1d(x: tf.Tensor, weight: tf.Tensor, bias?: tf.Tensor): tf.Tensor {
  return onRows(x, (rows) => withBias(tf.matMul(rows, weight as tf.Tensor2D), bias))
}

/** Products of matrices are far faster than batched ones: all leading axes become rows. */
function onRows(x: tf.Tensor, product: (rows: tf.Tensor2D) => tf.Tensor): tf.Tensor {
  const leading = x.shape.slice(0, -1)
  const rows = product(x.reshape([-1, lastAxis(x)]))
  return rows.reshape([...leading, lastAxis(rows)])
}

function withBias(rows: tf.Tensor, bias?: tf.Tensor): tf.Tensor {
  return bias ? rows.add(bias) : rows
}

/** Size of the last axis. */
export function lastAxis(x: tf.Tensor): number {
  return x.shape[x.rank - 1] ?? 1
}
