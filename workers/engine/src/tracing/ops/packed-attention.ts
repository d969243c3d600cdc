import { TemperError } from '@temper/db/contracts'
import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { tf } from '../../runtime/tf.ts'
import { tiledAttention, tiledGradients } from './attention-tiles.ts'
import { traceScope } from './trace-scope.ts'

/** Which tokens of packed rows see which: int32 (B, T) each. A token sees itself and earlier ones, and of these: */
export interface PackedRows {
  /** those of its own segment. Segments are numbered from 1 in a row; 0 is padding, which sees itself alone; */
  segments: Tensor
  /** those of the segment that its own continues: named for every token, its own where it continues none; */
  parents?: Tensor
  /** those whose position is less than a window away. Count up by one in a segment, from the end of its parent on. */
  positions: Tensor
}

/** Attention of all tokens of packed rows at once. */
export interface PackedAttention extends PackedRows {
  /** (B, H, T, hd). */
  q: Tensor
  /** (B, KV, T, hd), with H a multiple of KV. */
  k: Tensor
  v: Tensor
  /** Positions that a token sees, its own included; all earlier ones unless set. */
  window?: number
}

/** What the forward pass leaves. */
export interface Attended {
  /** (B, H, T, hd). */
  out: Tensor
  /** (B, H, T): the logarithm of each query's sum of exponentials. */
  logSums: Tensor
}

export interface AttentionGradients {
  dQ: Tensor
  dK: Tensor
  dV: Tensor
}

/**
 * softmax(q k^T / √hd) v over what each token sees, exactly, in tiles: scores are held for one tile at a time and computed
 * again for the gradient, so that memory grows with T and not with its square (FlashAttention: Dao et al., 2022; 2023).
 * Our own kernel computes it where there is one, which never touches a tile that no token sees; else TensorFlow's
 * operations do.
 * @returns (B, H, T, hd)
 */
export function packedAttention(call: PackedAttention): Tensor {
  checkShapes(call)
  const { q, k, v, segments, positions, parents, window } = call
  return tf.customGrad((...args: unknown[]) => {
    const [queries, keys, values, save] = args as [Tensor, Tensor, Tensor, (tensors: Tensor[]) => void]
    const inputs = { ...call, q: queries, k: keys, v: values }
    const { out, logSums } = traceScope()?.packedAttention(inputs) ?? tiledAttention(inputs)
    save([queries, keys, values, out, logSums, segments, positions, ...(parents ? [parents] : [])])
    return { value: out, gradFunc: (dOut: Tensor, saved: Tensor[]) => gradientsOf(saved, dOut, window) }
  })(q, k, v)
}

function gradientsOf(saved: Tensor[], dOut: Tensor, window?: number): Tensor[] {
  const [q, k, v, out, logSums, segments, positions, parents] = saved as [
    ...[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor],
    Tensor?,
  ]
  const call = { q, k, v, segments, positions, parents, window }
  const attended = { out, logSums }
  const own = traceScope()?.packedAttentionGradients(call, attended, dOut)
  const { dQ, dK, dV } = own ?? tiledGradients(call, attended, dOut)
  return [dQ, dK, dV]
}

function checkShapes({ q, k, v, segments, parents = segments, positions, window }: PackedAttention): void {
  const [batch = 0, heads = 0, length = 0, headDim = 0] = q.shape
  const [, kvHeads = 0] = k.shape
  const same = (a: readonly number[], b: readonly number[]) => a.join() === b.join()
  const fits =
    same(k.shape, [batch, kvHeads, length, headDim]) &&
    same(v.shape, k.shape) &&
    heads % kvHeads === 0 &&
    [segments, parents, positions].every(({ shape, dtype }) => same(shape, [batch, length]) && dtype === 'int32') &&
    (window === undefined || window > 0)
  if (fits) return
  const tensors = Object.entries({ q, k, v, segments, parents, positions })
  const got = tensors.map(([name, { shape, dtype }]) => `${name} ${dtype} [${shape}]`)
  throw new TemperError('invalid_input', `packedAttention: shapes do not fit: ${got.join(', ')}, window ${window}`)
}
