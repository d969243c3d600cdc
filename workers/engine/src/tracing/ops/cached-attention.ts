import { TemperError } from '@temper/db/contracts'
import type { Tensor, Variable } from '@tensorflow/tfjs-node-gpu'
import { traceScope } from './trace-scope.ts'

/**
 * New tokens of B sequences over a cache: rows ((slot · KV + head) · length + position, hd) of `keys` and `values`,
 * both declared `inPlace`.
 */
export interface CachedAttention {
  keys: Variable
  values: Variable
  /** Positions a slot has. */
  length: number
  /** Tokens that a query sees, itself included; all earlier ones unless set. */
  window?: number
  /** (B, H, T, hd). */
  q: Tensor
  /** (B, KV, T, hd). */
  k: Tensor
  v: Tensor
  /** int32 (B), all different: where a sequence lies. */
  slots: Tensor
  /** int32 (B): the position of its first new token. What the cache holds from there on has no meaning. */
  starts: Tensor
  /** int32 (B): its new tokens; the rest of T is padding, whose outputs have no meaning. Starts + T fit the slot. */
  counts: Tensor
}

/**
 * Writes keys and values into the cache, then softmax(q k^T / √hd) v of each token over what its sequence holds up to
 * itself. Only what is held is read, so a long cache costs memory and no time.
 * @returns (B, H, T, hd); undefined where no kernel is there, as on a GPU or in eager code: compose it of others then
 */
export function cachedAttention(call: CachedAttention): Tensor | undefined {
  checkShapes(call)
  return traceScope()?.cachedAttention(call)
}

function checkShapes({ keys, values, length, q, k, v, slots, starts, counts }: CachedAttention): void {
  const [batch = 0, heads = 0, tokens = 0, headDim = 0] = q.shape
  const [, kvHeads = 0] = k.shape
  const rows = keys.shape[0] ?? 0
  const same = (a: readonly number[], b: readonly number[]) => a.join() === b.join()
  const fits =
    same(k.shape, [batch, kvHeads, tokens, headDim]) &&
    same(v.shape, k.shape) &&
    heads % kvHeads === 0 &&
    same(keys.shape, [rows, headDim]) &&
    same(values.shape, keys.shape) &&
    rows % (kvHeads * length) === 0 &&
    [slots, starts, counts].every(({ shape, dtype }) => same(shape, [batch]) && dtype === 'int32')
  if (fits) return
  const shapes = Object.entries({ q, k, v, keys, values, slots, starts, counts })
  throw new TemperError(
    'invalid_input',
    `cachedAttention: shapes do not fit: ${shapes.map(([name, { shape }]) => `${name} [${shape}]`).join(', ')}`,
  )
}
