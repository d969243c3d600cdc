import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { tf } from '../runtime/tf.ts'
import { globalNorm } from '../tracing/index.ts'

export type Grads = Record<string, Tensor>

/**
 * Scales all gradients by min(1, maxGradNorm / (norm + 1e-6)), as PyTorch does (Pascanu et al., 2013).
 * @param scale - of the loss that they are of, a scalar; divided out before, in the same pass
 */
export function clipGradients(scaled: Grads, maxGradNorm: number, scale?: Tensor): { grads: Grads; gradNorm: Tensor } {
  const norm = globalNorm(Object.values(scaled))
  const gradNorm = scale ? norm.div(scale) : norm
  const factor = tf.minimum(1, tf.div(maxGradNorm, gradNorm.add(1e-6)))
  return { grads: scaleGradients(scaled, scale ? factor.div(scale) : factor), gradNorm }
}

/** Every gradient times one number. */
export function scaleGradients(grads: Grads, factor: Tensor): Grads {
  return Object.fromEntries(Object.entries(grads).map(([name, grad]) => [name, grad.mul(factor)]))
}
