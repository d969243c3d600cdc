import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { tf } from '../../runtime/tf.ts'
import { traceScope } from './trace-scope.ts'

/** Registered by the tracing backend: y = x W^T or x W by group, and sums of y^T x by group. */
export const groupedMatMulKernel = 'GroupedMatMul'
export const groupedOuterKernel = 'GroupedOuter'

/**
 * Rows times the matrix of their group, y_i = x_i W_g^T, where the sizes of the groups are known only when the
 * function runs. Nothing is padded: it is the work of M rows, however they fall.
 * @param x - (M, I), rows of one group after another
 * @param weights - (G, O, I)
 * @param counts - int32 (G), rows in each group; they add up to M, and may be 0
 * @returns (M, O)
 */
export function groupedMatMul(x: Tensor, weights: Tensor, counts: Tensor): Tensor {
  return tf.customGrad((...args: unknown[]) => {
    const [rows, matrices, save] = args as [Tensor, Tensor, (tensors: Tensor[]) => void]
    save([rows, matrices, counts])
    const gradFunc = (dy: Tensor, saved: Tensor[]) => {
      const [r, w, c] = saved as [Tensor, Tensor, Tensor]
      return [product(dy, w, c, false), outer(dy, r, c)]
    }
    return { value: product(rows, matrices, counts, true), gradFunc }
  })(x, weights)
}

function product(x: Tensor, weights: Tensor, counts: Tensor, transposeB: boolean): Tensor {
  if (traceScope()) {
    return tf.engine().runKernel(groupedMatMulKernel, { x, weights, counts }, { transposeB }) as Tensor
  }
  const matrices = tf.unstack(weights)
  const products = groupsOf(x, counts).map((rows, group) =>
    rows ? [tf.matMul(rows, matrices[group] as Tensor, false, transposeB)] : [],
  )
  return tf.concat(products.flat(), 0)
}

/** (G, O, I) from y (M, O) and x (M, I). */
function outer(y: Tensor, x: Tensor, counts: Tensor): Tensor {
  if (traceScope()) return tf.engine().runKernel(groupedOuterKernel, { y, x, counts }) as Tensor
  const right = groupsOf(x, counts)
  const none = tf.zeros([y.shape[1] ?? 0, x.shape[1] ?? 0])
  return tf.stack(
    groupsOf(y, counts).map((rows, group) => (rows ? tf.matMul(rows, right[group] as Tensor, true) : none)),
  )
}

/** Rows of each group, undefined for an empty one. */
function groupsOf(x: Tensor, counts: Tensor): (Tensor | undefined)[] {
  let first = 0
  return Array.from(counts.dataSync(), (size) => {
    first += size
    return size === 0 ? undefined : tf.slice(x, [first - size, 0], [size, -1])
  })
}
