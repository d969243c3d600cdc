import type { Tensor } from '@tensorflow/tfjs-node-gpu'

/**
 * (x − mean) / sqrt(variance + epsilon) · weight + bias over the last axis (Ba et al., 2016).
 * @param x - (…, D)
 * @param weight - (D)
 * @param bias - (D)
 */
export function layerNorm(x: Tensor, weight: Tensor, bias: Tensor, epsilon: number): Tensor {
  const centered = x.sub(x.mean(-1, true))
  const variance = centered.square().mean(-1, true)
  return centered.mul(variance.add(epsilon).rsqrt()).mul(weight).add(bias)
}

/**
 * x / sqrt(mean of squares + epsilon) · weight over the last axis (Zhang and Sennrich, 2019).
 * @param x - (…, D)
 * @param weight - (D)
 */
export function rmsNorm(x: Tensor, weight: Tensor, epsilon: number): Tensor {
  return x.mul(x.square().mean(-1, true).add(epsilon).rsqrt()).mul(weight)
}
