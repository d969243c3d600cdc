import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { tf } from '../../runtime/tf.ts'
import type { Attended, AttentionGradients, PackedAttention } from './packed-attention.ts'
import { keysSeen, type Range, rangesOf, type Tiled, tiledCall } from './tiled-call.ts'

/** Large, because each tile is some nodes of the graph. */
const defaultTile = 1024

/** `packedAttention` of plain operations: the softmax runs along the tiles of keys, corrected by each larger score. */
export function tiledAttention(call: PackedAttention, tile = defaultTile): Attended {
  const tiled = tiledCall(call)
  const ranges = rangesOf(call.q.shape[2] ?? 0, tile)
  const [outs, logSums]: [Tensor[], Tensor[]] = [[], []]
  let last = call.q
  for (const queries of ranges) {
    let running: Running | undefined
    for (const keys of keysSeen(ranges, queries, call)) {
      const scores = tiled.scores(tiled.rows(call.q, queries), queries, keys, last)
      running = joined(running, scores, tiled.keys(call.v, keys))
      last = running.mixed
    }
    const { top, sum, mixed } = running as Running
    outs.push(mixed.div(sum))
    logSums.push(top.add(sum.log()))
  }
  return {
    out: tiled.whole(outs, ranges),
    logSums: tiled.whole(logSums, ranges).reshape(call.q.shape.slice(0, 3)),
  }
}

/** Σ exp(score − top) and Σ exp(score − top) · value of each query over the keys so far. */
interface Running {
  top: Tensor
  sum: Tensor
  mixed: Tensor
}

function joined(before: Running | undefined, scores: Tensor, values: Tensor): Running {
  const largest = scores.max(-1, true)
  const top = before ? tf.maximum(before.top, largest) : largest
  const weights = scores.sub(top).exp()
  const [sum, mixed] = [weights.sum(-1, true), tf.matMul(weights, values)]
  if (!before) return { top, sum, mixed }
  const correction = before.top.sub(top).exp()
  return { top, sum: before.sum.mul(correction).add(sum), mixed: before.mixed.mul(correction).add(mixed) }
}

/** Its gradients: the weights of a tile are computed again, one tile after another, when `dOut` has come. */
export function tiledGradients(
  call: PackedAttention,
  { out, logSums }: Attended,
  dOut: Tensor,
  tile = defaultTile,
): AttentionGradients {
  const tiled = tiledCall(call)
  const ranges = rangesOf(call.q.shape[2] ?? 0, tile)
  // What every score of a query loses.
  const lost = dOut.mul(out).sum(3, true)
  const saved = { tiled, call, dOut, lost, logSums: logSums.expandDims(3) }
  const dQs = new Map<Range, Tensor>()
  const [dKs, dVs]: [Tensor[], Tensor[]] = [[], []]
  let last = dOut
  for (const keys of ranges) {
    let [dK, dV]: (Tensor | undefined)[] = []
    for (const queries of ranges.filter((range) => keysSeen(ranges, range, call).includes(keys))) {
      const found = gradientsOfTile(saved, queries, keys, last)
      dQs.set(queries, sum(dQs.get(queries), found.dQ))
      dK = sum(dK, found.dK)
      dV = sum(dV, found.dV)
      last = found.dK
    }
    dKs.push(dK as Tensor)
    dVs.push(dV as Tensor)
  }
  const dQ = ranges.map((range) => dQs.get(range) as Tensor)
  return { dQ: tiled.whole(dQ, ranges), dK: tf.concat(dKs, 2), dV: tf.concat(dVs, 2) }
}

interface Saved {
  tiled: Tiled
  call: PackedAttention
  dOut: Tensor
  /** (B, H, T, 1). */
  lost: Tensor
  logSums: Tensor
}

function gradientsOfTile({ tiled, call, ...saved }: Saved, queries: Range, keys: Range, last: Tensor) {
  const [q, dOut] = [tiled.rows(call.q, queries), tiled.rows(saved.dOut, queries)]
  const [k, v] = [tiled.keys(call.k, keys), tiled.keys(call.v, keys)]
  const weights = tiled.scores(q, queries, keys, last).sub(tiled.rows(saved.logSums, queries)).exp()
  const dWeights = tf.matMul(dOut, v, false, true)
  const dScores = weights.mul(dWeights.sub(tiled.rows(saved.lost, queries))).mul(tiled.scale)
  return { dQ: tf.matMul(dScores, k), dK: tf.matMul(dScores, q, true), dV: tf.matMul(weights, dOut, true) }
}

/** In fp32 whatever the precision, as every sum is: products leave in that of the function, and so would `before + more`. */
function sum(before: Tensor | undefined, more: Tensor): Tensor {
  const wide = more.expandDims(0).sum(0)
  return before ? before.add(wide) : wide
}
