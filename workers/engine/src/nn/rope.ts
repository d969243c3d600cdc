import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { tf } from '../runtime/tf.ts'
import { hasOwnKernels, ownKernel } from '../tracing/index.ts'

/** How frequencies are scaled beyond the context of pretraining, as `rope_parameters` of config.json names it. */
export type RopeScaling =
  | { type: 'default' }
  | { type: 'linear'; factor: number }
  | { type: 'llama3'; factor: number; lowFreqFactor: number; highFreqFactor: number; originalContextLength: number }
  | YarnScaling

/** YaRN (Peng et al., 2023). `betaFast` and `betaSlow` are turns within the original context. */
export interface YarnScaling {
  type: 'yarn'
  factor: number
  betaFast: number
  betaSlow: number
  originalContextLength: number
  /** Whether the blended range is widened to whole pairs. */
  truncate: boolean
  /** Multiplies cosines and sines, so that scores are scaled by its square. */
  attentionFactor: number
}

/**
 * Angle a position for each pair of coordinates (Su et al., 2021), (headDim / 2).
 * linear: all are stretched by `factor`. llama3 and yarn: short wavelengths stay, long ones are stretched by `factor`,
 * those between are blended, by their turns (llama3) or by their index (yarn).
 */
export function ropeFrequencies(headDim: number, theta: number, scaling: RopeScaling): Float32Array {
  const keptOf = keptShare(headDim, theta, scaling)
  const factor = scaling.type === 'default' ? 1 : scaling.factor
  return Float32Array.from({ length: headDim / 2 }, (_, i) => {
    const frequency = theta ** ((-2 * i) / headDim)
    const kept = keptOf(frequency, i)
    return kept * frequency + ((1 - kept) * frequency) / factor
  })
}

/** How much of a pair's own frequency stays: 1 all of it, 0 none. */
function keptShare(headDim: number, theta: number, scaling: RopeScaling): (frequency: number, i: number) => number {
  switch (scaling.type) {
    case 'default':
      return () => 1
    case 'linear':
      return () => 0
    case 'llama3': {
      const { lowFreqFactor, highFreqFactor, originalContextLength } = scaling
      return (frequency) => {
        // How many turns a pair makes within the original context.
        const turns = (originalContextLength * frequency) / (2 * Math.PI)
        return clamp((turns - lowFreqFactor) / (highFreqFactor - lowFreqFactor))
      }
    }
    case 'yarn': {
      const [low, high] = yarnRange(headDim, theta, scaling)
      return (_, i) => 1 - clamp((i - low) / (high - low))
    }
  }
}

/** Between which pairs yarn blends: those that make betaFast and betaSlow turns within the original context. */
function yarnRange(headDim: number, theta: number, yarn: YarnScaling): [low: number, high: number] {
  const pairOf = (turns: number) =>
    (headDim * Math.log(yarn.originalContextLength / (turns * 2 * Math.PI))) / (2 * Math.log(theta))
  const [first, last] = [pairOf(yarn.betaFast), pairOf(yarn.betaSlow)]
  const low = Math.max(yarn.truncate ? Math.floor(first) : first, 0)
  const high = Math.min(yarn.truncate ? Math.ceil(last) : last, headDim - 1)
  return [low, low === high ? high + 0.001 : high]
}

function clamp(share: number): number {
  return Math.min(1, Math.max(0, share))
}

/** Cosines and sines of the angles, (B, 1, T, headDim / 2): computed once a call, used by every layer. */
export interface Rotation {
  cos: Tensor
  sin: Tensor
}

/**
 * @param positions - int32 (B, T)
 * @param magnitude - length of a rotated unit vector, 1 but for yarn
 */
export function ropeRotation(positions: Tensor, frequencies: Float32Array, magnitude = 1): Rotation {
  const angles = positions.cast('float32').expandDims(1).expandDims(3).mul(tf.tensor1d(frequencies))
  return { cos: angles.cos().mul(magnitude), sin: angles.sin().mul(magnitude) }
}

/**
 * Rotates the pairs (x_i, x_{i + headDim/2}), the Hugging Face order.
 * @param x - (B, H, T, headDim)
 */
export function applyRope(x: Tensor, { cos, sin }: Rotation): Tensor {
  if (hasOwnKernels(x)) return ropeByKernel(x, { cos, sin })
  const [first, second] = tf.split(x, 2, -1) as [Tensor, Tensor]
  return tf.concat([first.mul(cos).sub(second.mul(sin)), second.mul(cos).add(first.mul(sin))], -1)
}

/** In one pass; its gradient turns the other way. */
function ropeByKernel(x: Tensor, { cos, sin }: Rotation): Tensor {
  const turned = (of: Tensor, angles: Tensor[], back: 0 | 1) => {
    const rows = swapped(of)
    const call = { inputs: [rows, ...angles], outputs: [rows.shape], attributes: { back: { int: back } } }
    return swapped(ownKernel({ op: 'TemperRope', ...call })[0] as Tensor)
  }
  return tf.customGrad((input, save) => {
    const keep = save as (tensors: Tensor[]) => void
    keep([cos, sin])
    const gradFunc = (dy: Tensor, angles: Tensor[]) => turned(dy, angles, 1)
    return { value: turned(input as Tensor, [cos, sin], 0), gradFunc }
  })(x)
}

/** (B, T, H, headDim), which the kernel takes, and back. */
const swapped = (x: Tensor) => x.transpose([0, 2, 1, 3])
