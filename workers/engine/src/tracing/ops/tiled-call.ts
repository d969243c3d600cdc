import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { tf } from '../../runtime/tf.ts'
import { notBefore } from './not-before.ts'
import type { PackedAttention } from './packed-attention.ts'

/**
 * Subtracted from masked scores: exp of what is left is 0 in every float type, and unlike ∞ it never turns a row into
 * NaN. Subtracted, because TensorFlow fuses a sum into the product before it, which then takes a hundred times as long.
 */
export const masked = 1e9

/** Places [from, from + size) of every row. */
export interface Range {
  from: number
  size: number
}

export function rangesOf(length: number, tile: number): Range[] {
  const count = Math.ceil(length / tile)
  return Array.from({ length: count }, (_, i) => ({ from: i * tile, size: Math.min(tile, length - i * tile) }))
}

/** Those that a query may see by its place alone. Where segments continue others, a window says nothing about places. */
export function keysSeen(ranges: readonly Range[], queries: Range, { window, parents }: PackedAttention): Range[] {
  const reach = parents === undefined && window !== undefined ? queries.from - window + 1 : 0
  return ranges.filter(({ from, size }) => from <= queries.from && from + size > reach)
}

/** Parts of a call, where the heads that share keys are stacked along the rows of one product (Ainslie et al., 2023). */
export interface Tiled {
  /** 1 / √hd. */
  scale: number
  /** (B, H, T, n) → (B, KV, G · size, n). */
  rows(x: Tensor, queries: Range): Tensor
  /** (B, KV, T, n) → (B, KV, size, n). */
  keys(x: Tensor, keys: Range): Tensor
  /** Scaled and masked, (B, KV, G · queries, keys), for rows of q; once `after` is there. */
  scores(q: Tensor, queries: Range, keys: Range, after: Tensor): Tensor
  /** The inverse of `rows`, over all of them. */
  whole(parts: Tensor[], ranges: readonly Range[]): Tensor
}

export function tiledCall(call: PackedAttention): Tiled {
  const [batch, heads, length, headDim] = call.q.shape as [number, number, number, number]
  const kvHeads = call.k.shape[1] ?? 1
  const group = heads / kvHeads
  const scale = 1 / Math.sqrt(headDim)
  const keys = (x: Tensor, { from, size }: Range) => x.slice([0, 0, from, 0], [-1, -1, size, -1])
  return {
    scale,
    keys,
    rows: (x, { from, size }) =>
      x
        .reshape([batch, kvHeads, group, length, -1])
        .slice([0, 0, 0, from, 0], [-1, -1, -1, size, -1])
        .reshape([batch, kvHeads, group * size, -1]),
    scores: (q, queries, range, after) => {
      const hidden = hiddenIn({ ...call, segments: notBefore(call.segments, after) }, queries, range)
      const scores = tf.matMul(notBefore(q, after).mul(scale), keys(call.k, range), false, true)
      return scores.sub(tf.concat(Array(group).fill(hidden), 2))
    },
    whole: (parts, ranges) => {
      const apart = parts.map((x, i) => x.reshape([batch, kvHeads, group, ranges[i]?.size ?? 0, -1]))
      return tf.concat(apart, 3).reshape([batch, heads, length, -1])
    },
  }
}

/** (B, 1, queries, keys): 0 where a query sees a key, else `masked`. */
function hiddenIn({ segments, parents, positions, window }: PackedAttention, queries: Range, keys: Range): Tensor {
  const ofQueries = (x: Tensor) => x.slice([0, queries.from], [-1, queries.size]).expandDims(2)
  const ofKeys = (x: Tensor) => x.slice([0, keys.from], [-1, keys.size]).expandDims(1)
  const [segment, keySegment] = [ofQueries(segments), ofKeys(segments)]
  const own = tf.equal(segment, keySegment)
  const related = parents ? tf.logicalOr(own, tf.equal(ofQueries(parents), keySegment)) : own
  const real = tf.greater(segment, 0)
  let seen = tf.logicalAnd(related, queries.from === keys.from ? onDiagonal(real, queries.size) : real)
  if (window !== undefined) {
    seen = tf.logicalAnd(seen, tf.less(tf.sub(ofQueries(positions), ofKeys(positions)), window))
  }
  return tf.sub(1, seen.cast('float32')).mul(masked).expandDims(1)
}

/** Which keys of its own tile a query may see: earlier ones if it is `real` (B, size, 1), and itself. */
function onDiagonal(real: Tensor, size: number): Tensor {
  // Numbered in the tile, so that all of them share one constant.
  const order = tf.range(0, size, 1, 'int32')
  const [query, key] = [order.expandDims(1), order.expandDims(0)]
  const earlier = tf.logicalAnd(real, tf.less(key, query).expandDims(0))
  return tf.logicalOr(earlier, tf.equal(key, query).expandDims(0))
}
