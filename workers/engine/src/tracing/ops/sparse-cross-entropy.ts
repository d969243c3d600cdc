import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { tf } from '../../runtime/tf.ts'
import { traceScope } from './trace-scope.ts'

/** Registered by the tracing backend: loss per row and its gradient in one operation. */
export const sparseCrossEntropyKernel = 'SparseSoftmaxCrossEntropyWithLogits'

/**
 * Cross entropy of each row against one class: `-log softmax(logits)[i, labels[i]]`, computed in fp32.
 * logits (N, V); labels (N) int32 in [0, V); returns (N). Differentiable in the logits.
 */
export function sparseCrossEntropy(logits: Tensor, labels: Tensor): Tensor {
  return tf.customGrad((x, save) => {
    const [value, gradient] = lossAndGradient(x as Tensor, labels)
    const keep = save as (tensors: Tensor[]) => void
    keep([gradient])
    return { value, gradFunc: (dy: Tensor, saved: Tensor[]) => tf.mul(saved[0] ?? gradient, dy.expandDims(1)) }
  })(logits)
}

/**
 * The same with the gradient for a loss of 1 a row, g = softmax(logits) − onehot(labels) (N, V), and the entropy of each
 * row's whole distribution in nats (N): −Σ p log p = loss − Σ g · logits, two passes over the logits instead of seven.
 */
export function crossEntropyParts(logits: Tensor, labels: Tensor) {
  const [losses, gradient] = lossAndGradient(logits, labels)
  return { losses, gradient, entropy: tf.sub(losses, tf.sum(tf.mul(gradient, logits), 1)) }
}

function lossAndGradient(logits: Tensor, labels: Tensor): [Tensor, Tensor] {
  if (traceScope()) return tf.engine().runKernel(sparseCrossEntropyKernel, { logits, labels }) as [Tensor, Tensor]
  const chosen = tf.oneHot(labels, logits.shape[1] ?? 0)
  const logProbabilities = tf.logSoftmax(logits)
  const loss = tf.neg(tf.sum(tf.mul(logProbabilities, chosen), 1))
  return [loss, tf.sub(tf.exp(logProbabilities), chosen)]
}
