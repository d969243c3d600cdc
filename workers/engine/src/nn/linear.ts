import type { Tensor, Tensor2D } from '@tensorflow/tfjs-node-gpu'
import { tf } from '../runtime/tf.ts'

/**
 * x W^T + b for a weight in PyTorch's layout.
 * @param x - (…, I)
 * @param weight - (O, I)
 * @param bias - (O)
 * @returns (…, O)
 */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  return onRows(x, (rows) => withBias(tf.matMul(rows, weight as Tensor2D, false, true), bias))
}

/**
 * x W + b for a weight in the layout of GPT-2's Conv1D.
 * @param x - (…, I)
 * @param weight - (I, O)
 * @param bias - (O)
 * @returns (…, O)
 */
export function conv1d(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  return onRows(x, (rows) => withBias(tf.matMul(rows, weight as Tensor2D), bias))
}

/** Products of matrices are far faster than batched ones: all leading axes become rows. */
function onRows(x: Tensor, product: (rows: Tensor2D) => Tensor): Tensor {
  const leading = x.shape.slice(0, -1)
  const rows = product(x.reshape([-1, lastAxis(x)]))
  return rows.reshape([...leading, lastAxis(rows)])
}

function withBias(rows: Tensor, bias?: Tensor): Tensor {
  return bias ? rows.add(bias) : rows
}

/** Size of the last axis. */
export function lastAxis(x: Tensor): number {
  return x.shape[x.rank - 1] ?? 1
}
