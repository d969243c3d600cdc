import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { tf } from '../runtime/tf.ts'
import { hasOwnKernels, ownKernel } from '../tracing/index.ts'

/**
 * (x − mean) / sqrt(variance + epsilon) · weight + bias over the last axis (Ba et al., 2016), with its own gradient:
 * dx = (g − mean(g) − x̂ · mean(g · x̂)) / σ for g = dy · weight.
 * @param x - (…, D)
 * @param weight - (D)
 * @param bias - (D)
 */
export function layerNorm(x: Tensor, weight: Tensor, bias: Tensor, epsilon: number): Tensor {
  const rows = x.reshape([-1, weight.size])
  if (hasOwnKernels(rows)) return normByKernel(rows, [weight, bias], epsilon).reshape(x.shape)
  const normed = tf.customGrad((...args: unknown[]) => {
    const [input, scale, shift, save] = args as [Tensor, Tensor, Tensor, (tensors: Tensor[]) => void]
    const centered = tf.sub(input, tf.mean(input, 1, true))
    const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(centered), 1, true), epsilon))
    const standard = tf.mul(centered, inverse)
    save([standard, inverse, scale])
    return { value: tf.add(tf.mul(standard, scale), shift), gradFunc: layerNormGradient }
  })(rows, weight, bias)
  return normed.reshape(x.shape)
}

function layerNormGradient(dy: Tensor, saved: Tensor[]): Tensor[] {
  const [standard, inverse, weight] = saved as [Tensor, Tensor, Tensor]
  const weighted = tf.mul(dy, standard)
  const g = tf.mul(dy, weight)
  const along = tf.mul(standard, tf.mean(tf.mul(g, standard), 1, true))
  const dx = tf.mul(tf.sub(tf.sub(g, tf.mean(g, 1, true)), along), inverse)
  return [dx, tf.sum(weighted, 0), tf.sum(dy, 0)]
}

/**
 * x / sqrt(mean of squares + epsilon) · weight over the last axis (Zhang and Sennrich, 2019), with its own gradient:
 * dx = (g − x̂ · mean(g · x̂)) / rms for g = dy · weight.
 * @param x - (…, D)
 * @param weight - (D)
 */
export function rmsNorm(x: Tensor, weight: Tensor, epsilon: number): Tensor {
  const rows = x.reshape([-1, weight.size])
  if (hasOwnKernels(rows)) return normByKernel(rows, [weight], epsilon).reshape(x.shape)
  const normed = tf.customGrad((...args: unknown[]) => {
    const [input, scale, save] = args as [Tensor, Tensor, (tensors: Tensor[]) => void]
    const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(input), 1, true), epsilon))
    const standard = tf.mul(input, inverse)
    save([standard, inverse, scale])
    return { value: tf.mul(standard, scale), gradFunc: rmsNormGradient }
  })(rows, weight)
  return normed.reshape(x.shape)
}

function rmsNormGradient(dy: Tensor, saved: Tensor[]): Tensor[] {
  const [standard, inverse, weight] = saved as [Tensor, Tensor, Tensor]
  const g = tf.mul(dy, weight)
  const along = tf.mul(standard, tf.mean(tf.mul(g, standard), 1, true))
  return [tf.mul(tf.sub(g, along), inverse), tf.sum(tf.mul(dy, standard), 0)]
}

/**
 * Either norm in two passes of our own kernel: centred, with a mean, where there is a bias.
 * @param x - (R, D)
 * @param params - weight and, of layerNorm, bias
 */
function normByKernel(x: Tensor, params: Tensor[], epsilon: number): Tensor {
  const attributes = { centred: { int: params.length - 1 }, epsilon: { float: epsilon } }
  const [rows = 0, width = 0] = x.shape
  return tf.customGrad((...args: unknown[]) => {
    const save = args.at(-1) as (tensors: Tensor[]) => void
    const [input, weight, bias = weight] = args.slice(0, -1) as [Tensor, Tensor, Tensor?]
    const outputs = [[rows, width], [rows], [rows]]
    const found = ownKernel({ op: 'TemperNorm', inputs: [input, weight, bias], outputs, attributes })
    const [value, means, inverses] = found as [Tensor, Tensor, Tensor]
    save([input, weight, means, inverses])
    const gradFunc = (dy: Tensor, saved: Tensor[]) => {
      const gradients = [[rows, width], [width], [width]]
      const inputs = [...saved, dy]
      return ownKernel({ op: 'TemperNormGrad', inputs, outputs: gradients, attributes }).slice(0, 1 + params.length)
    }
    return { value, gradFunc }
  })(x, ...params)
}
