import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { tf } from '../runtime/tf.ts'

/**
 * How a layer attends: q (B, H, T, hd), k and v (B, KV, T, hd), already rotated; returns (B, H, T, hd). A token sees
 * at most the last `window` tokens, itself included; all earlier ones where it is undefined.
 * Training passes packed causal attention, generation passes attention over its cache: a model knows neither.
 */
export type Attend = (layer: number, q: Tensor, k: Tensor, v: Tensor, window?: number) => Tensor

/**
 * Subtracted from masked scores: exp of what is left is 0 in every float type, and unlike ∞ it never turns a row into
 * NaN. Subtracted, because TensorFlow fuses a sum into the product before it, which then takes a hundred times as long.
 */
export const masked = 1e9

/**
 * Softmax attention where a token sees itself and earlier tokens of its own segment. Padding (segment 0) sees padding
 * only, so it changes nothing else. Layers with the same window share a mask.
 * @param segments - int32 (B, T), numbered from 1 in a row; 0 is padding
 */
export function packedCausalAttention(segments: Tensor): Attend {
  const maskOf = oncePerWindow((window) => packedCausalMask(segments, window))
  return (_layer, q, k, v, window) => attention(q, k, v, maskOf(window))
}

/** Builds what depends on the window alone when a layer first needs it. */
export function oncePerWindow(build: (window?: number) => Tensor): (window?: number) => Tensor {
  const built = new Map<number | undefined, Tensor>()
  return (window) => {
    const tensor = built.get(window) ?? build(window)
    built.set(window, tensor)
    return tensor
  }
}

/** (B, 1, T, T): 0 where row may see column, else `masked`. */
export function packedCausalMask(segments: Tensor, window?: number): Tensor {
  const length = segments.shape[1] ?? 0
  const order = tf.range(0, length, 1, 'int32')
  const [row, column] = [order.expandDims(1), order.expandDims(0)]
  const earlier = tf.greaterEqual(row, column)
  const causal = window === undefined ? earlier : tf.logicalAnd(earlier, tf.less(tf.sub(row, column), window))
  const sameSegment = tf.equal(segments.expandDims(2), segments.expandDims(1))
  const seen = tf.logicalAnd(sameSegment, causal.expandDims(0))
  return tf.sub(1, seen.cast('float32')).mul(masked).expandDims(1)
}

/**
 * softmax(q k^T / √hd − mask) v. Heads that share keys and values are stacked along the rows of one product, so keys
 * and values are never repeated (Ainslie et al., 2023).
 * @param q - (B, H, T, hd)
 * @param k - (B, KV, S, hd) with H a multiple of KV
 * @param v - (B, KV, S, hd)
 * @param mask - subtracted from the scores, broadcastable to (B, H, T, S)
 * @returns (B, H, T, hd)
 */
export function attention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor): Tensor {
  const [batch, nHead, length, headDim] = q.shape as [number, number, number, number]
  const [, nKvHead, keys] = k.shape as [number, number, number, number]
  const rows = (nHead / nKvHead) * length
  const scaled = q.mul(1 / Math.sqrt(headDim)).reshape([batch, nKvHead, rows, headDim])
  const scores = tf.matMul(scaled, k, false, true).reshape([batch, nHead, length, keys])
  const weights = tf.softmax(scores.sub(mask)).reshape([batch, nKvHead, rows, keys])
  return tf.matMul(weights, v).reshape([batch, nHead, length, headDim])
}

/** (B, T, H·hd) → (B, H, T, hd). */
export function splitHeads(x: Tensor, nHead: number): Tensor {
  const [batch, length, width] = x.shape as [number, number, number]
  return x.reshape([batch, length, nHead, width / nHead]).transpose([0, 2, 1, 3])
}

/** (B, H, T, hd) → (B, T, H·hd). */
export function mergeHeads(x: Tensor): Tensor {
  const [batch, nHead, length, headDim] = x.shape as [number, number, number, number]
  return x.transpose([0, 2, 1, 3]).reshape([batch, length, nHead * headDim])
}
