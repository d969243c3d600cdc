import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { tf } from '../../runtime/tf.ts'
import { traceScope } from './trace-scope.ts'

/** Registered by the tracing backend: `sum(x²) / 2` in one pass. */
export const l2LossKernel = 'L2Loss'

/** Euclidean norm over all elements of all gradients; a scalar. Not differentiable in a traced function. */
export function globalNorm(grads: readonly Tensor[]): Tensor {
  if (!traceScope()) return tf.sqrt(tf.addN(grads.map((grad) => tf.sum(tf.square(grad)))))
  const halves = grads.map((x) => tf.engine().runKernel(l2LossKernel, { x }) as Tensor)
  return tf.sqrt(tf.mul(tf.addN(halves), 2))
}
