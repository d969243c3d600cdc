import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { tf } from '../runtime/tf.ts'

/** How frequencies are scaled beyond the context of pretraining, as `rope_parameters` of config.json names it. */
export type RopeScaling =
  | { type: 'default' }
  | { type: 'llama3'; factor: number; lowFreqFactor: number; highFreqFactor: number; originalContextLength: number }

/**
 * Angle a position for each pair of coordinates (Su et al., 2021), (headDim / 2).
 * llama3 scaling: short wavelengths stay, long ones are stretched by `factor`, those between are blended.
 */
export function ropeFrequencies(headDim: number, theta: number, scaling: RopeScaling): Float32Array {
  return Float32Array.from({ length: headDim / 2 }, (_, i) => scale(theta ** ((-2 * i) / headDim), scaling))
}

function scale(frequency: number, scaling: RopeScaling): number {
  if (scaling.type === 'default') return frequency
  const { factor, lowFreqFactor, highFreqFactor, originalContextLength } = scaling
  // How many turns a pair makes within the original context: at least highFreqFactor stays, below lowFreqFactor is stretched.
  const turns = (originalContextLength * frequency) / (2 * Math.PI)
  const kept = Math.min(1, Math.max(0, (turns - lowFreqFactor) / (highFreqFactor - lowFreqFactor)))
  return kept * frequency + ((1 - kept) * frequency) / factor
}

/** Cosines and sines of the angles, (B, 1, T, headDim / 2): computed once a call, used by every layer. */
export interface Rotation {
  cos: Tensor
  sin: Tensor
}

/** @param positions - int32 (B, T) */
export function ropeRotation(positions: Tensor, frequencies: Float32Array): Rotation {
  const angles = positions.cast('float32').expandDims(1).expandDims(3).mul(tf.tensor1d(frequencies))
  return { cos: angles.cos(), sin: angles.sin() }
}

/**
 * Rotates the pairs (x_i, x_{i + headDim/2}), the Hugging Face order.
 * @param x - (B, H, T, headDim)
 */
export function applyRope(x: Tensor, { cos, sin }: Rotation): Tensor {
  const [first, second] = tf.split(x, 2, -1) as [Tensor, Tensor]
  return tf.concat([first.mul(cos).sub(second.mul(sin)), second.mul(cos).add(first.mul(sin))], -1)
}
