import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { tf } from '../runtime/tf.ts'
import { type PackedRows, packedAttention } from '../tracing/index.ts'

/**
 * How a layer attends: q (B, H, T, hd), k and v (B, KV, T, hd), already rotated; returns (B, H, T, hd). A token sees
 * at most the last `window` tokens, itself included; all earlier ones where it is undefined.
 * Training passes packed causal attention, generation passes attention over its cache: a model knows neither.
 */
export type Attend = (layer: number, q: Tensor, k: Tensor, v: Tensor, window?: number) => Tensor

/**
 * Softmax attention over packed rows: a token sees itself and earlier tokens of its own segment, and those of the segment
 * that it continues, as a completion does its prompt. Padding (segment 0) changes nothing else.
 */
export function packedCausalAttention(rows: PackedRows): Attend {
  return (_layer, q, k, v, window) => packedAttention({ ...rows, q, k, v, window })
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
