import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { tf } from '../../runtime/tf.ts'
import { stopGradient } from './stop-gradient.ts'
import { traceScope } from './trace-scope.ts'

/** Registered by the tracing backend: loss per row and its gradient in one operation. */
export const sparseCrossEntropyKernel = 'SparseSoftmaxCrossEntropyWithLogits'

/**
 * Cross entropy of each row against one class: `-log softmax(logits)[i, labels[i]]`, computed in fp32.
 * logits (N, V); labels (N) int32 in [0, V); returns (N). Differentiable in the logits.
 */
export function sparseCrossEntropy(logits: Tensor, labels: Tensor): Tensor {
  return sparseCrossEntropyWithEntropy(logits, labels).losses
}

/**
 * The same with the entropy of each row's whole distribution in nats, (N), which has no gradient. With the gradient
 * g = p − onehot at hand, entropy = −Σ p log p = loss − Σ g · logits: two passes over the logits instead of seven.
 */
export function sparseCrossEntropyWithEntropy(logits: Tensor, labels: Tensor): { losses: Tensor; entropy: Tensor } {
  const constant = stopGradient(logits)
  const [value, gradient] = lossAndGradient(constant, labels)
  const entropy = tf.sub(value, tf.sum(tf.mul(gradient, constant), 1))
  const differentiable = tf.customGrad((_, save) => {
    const keep = save as (tensors: Tensor[]) => void
    keep([gradient])
    return {
      value: value.clone(),
      gradFunc: (dy: Tensor, saved: Tensor[]) => tf.mul(saved[0] ?? gradient, dy.expandDims(1)),
    }
  })
  return { losses: differentiable(logits), entropy }
}

/** Its gradient in the logits for a loss of 1 a row, softmax(logits) − onehot(labels): (N, V). */
export function crossEntropyGradient(logits: Tensor, labels: Tensor): Tensor {
  return lossAndGradient(logits, labels)[1]
}

function lossAndGradient(logits: Tensor, labels: Tensor): [Tensor, Tensor] {
  if (traceScope()) return tf.engine().runKernel(sparseCrossEntropyKernel, { logits, labels }) as [Tensor, Tensor]
  const chosen = tf.oneHot(labels, logits.shape[1] ?? 0)
  const logProbabilities = tf.logSoftmax(logits)
  const loss = tf.neg(tf.sum(tf.mul(logProbabilities, chosen), 1))
  return [loss, tf.sub(tf.exp(logProbabilities), chosen)]
}
