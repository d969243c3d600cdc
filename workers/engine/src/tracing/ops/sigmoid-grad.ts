import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { tf } from '../../runtime/tf.ts'
import { traceScope } from './trace-scope.ts'

/** Registered by the tracing backend under TensorFlow's own name. */
export const sigmoidGradKernel = 'SigmoidGrad'

/** `dy · y · (1 − y)` for y = sigmoid(x), in one pass. Not differentiable in a traced function. */
export function sigmoidGrad(y: Tensor, dy: Tensor): Tensor {
  if (traceScope()) return tf.engine().runKernel(sigmoidGradKernel, { y, dy }) as Tensor
  return tf.mul(dy, tf.mul(y, tf.sub(1, y)))
}
