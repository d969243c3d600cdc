import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { tf } from '../runtime/tf.ts'
import { globalNorm } from '../tracing/index.ts'

export type Grads = Record<string, Tensor>

/**
 * What all gradients are to be scaled by: min(1, maxGradNorm / (norm + 1e-6)), as in PyTorch (Pascanu et al., 2013).
 * @param scale - of the loss that they are of, a scalar; divided out too
 */
export function clipFactor(
  scaled: Grads,
  maxGradNorm: number,
  scale?: Tensor,
): { gradScale: Tensor; gradNorm: Tensor } {
  const norm = globalNorm(Object.values(scaled))
  const gradNorm = scale ? norm.div(scale) : norm
  const factor = tf.minimum(1, tf.div(maxGradNorm, gradNorm.add(1e-6)))
  return { gradScale: scale ? factor.div(scale) : factor, gradNorm }
}
