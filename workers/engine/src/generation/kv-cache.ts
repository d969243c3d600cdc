import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import type { Attend, Model } from '../models/model.ts'
import { attention } from '../nn/index.ts'
import { tf } from '../runtime/tf.ts'
import { cachedAttention, copyRows, masked, type VariableSpec, type Variables, writeRows } from '../tracing/index.ts'

/**
 * Keys and values of `slots` sequences of up to `length` tokens. A layer's keys are one matrix of rows
 * ((slot · KV + head) · length + position, hd), so that a step writes its rows in place.
 */
export interface KvCache {
  name: string
  slots: number
  length: number
  storage: 'fp32' | 'bf16'
}

/** Where the new tokens of B sequences go, each (B) int32; see `cachedAttention`. All slots come in their order. */
export interface Places {
  slots: Tensor
  starts: Tensor
  counts: Tensor
}

export function cacheVariables(cache: KvCache, model: Model): Record<string, VariableSpec> {
  const shape = [cache.slots * model.nKvHead * cache.length, model.headDim]
  const specs: Record<string, VariableSpec> = {}
  for (let layer = 0; layer < model.nLayer; layer++) {
    const spec = { shape, dtype: 'float32', inPlace: true, storage: cache.storage } as const
    specs[keyName(cache, layer)] = spec
    specs[valueName(cache, layer)] = spec
  }
  return specs
}

/** Bytes that a token of one slot takes in the caches of all layers. */
export function bytesPerToken({ nLayer, nKvHead, headDim }: Model, storage: KvCache['storage']): number {
  return 2 * nLayer * nKvHead * headDim * (storage === 'bf16' ? 2 : 4)
}

const keyName = (cache: KvCache, layer: number) => `${cache.name}/k/${layer}`
const valueName = (cache: KvCache, layer: number) => `${cache.name}/v/${layer}`

/** Attention of T new tokens of B sequences over what their slots hold up to each, the new ones included. */
export function cachedAttend(cache: KvCache, model: Model, variables: Variables, places: Places): Attend {
  const plain = plainAttend(cache, model, variables, places)
  return (layer, q, k, v, window) => {
    const keys = cacheVariable(variables, keyName(cache, layer))
    const values = cacheVariable(variables, valueName(cache, layer))
    const call = { keys, values, length: cache.length, window, q, k, v, ...places }
    return cachedAttention(call) ?? plain(layer, q, k, v, window)
  }
}

/**
 * The same of tfjs' operations: every slot is read to its end.
 * @param holders - (B, length) int32, where sequences share what they have in common: the slot that holds each position
 */
export function plainAttend(
  cache: KvCache,
  model: Model,
  variables: Variables,
  { slots, starts }: Places,
  holders?: Tensor,
): Attend {
  const { nKvHead: heads, headDim } = model
  const batch = slots.shape[0] ?? 0
  const firstRows = firstRowsOf(cache, heads, slots)
  const order = tf.range(0, cache.length, 1, 'int32')
  const read = readRows(cache, heads, { slots, holders })
  return (layer, q, k, v, window) => {
    const tokens = q.shape[2] ?? 0
    const positions = tf.add(tf.expandDims(starts, 1), tf.range(0, tokens, 1, 'int32')) // (B, T)
    const written = tf.add(tf.expandDims(firstRows, 2), tf.expandDims(positions, 1)) // (B, KV, T)
    const through = (name: string, value: Tensor) => {
      const rows = tf.reshape(written, [batch * heads * tokens])
      const held = writeRows(cacheVariable(variables, name), rows, tf.reshape(value, [rows.size, headDim]))
      return tf.reshape(read ? tf.gather(held, read) : held, [batch, heads, cache.length, headDim])
    }
    const [keys, values] = [through(keyName(cache, layer), k), through(valueName(cache, layer), v)]
    return attention(q, keys, values, maskAhead(order, positions, window))
  }
}

/** (B, 1, T, length): `masked` where a token may not see a position. */
function maskAhead(order: Tensor, positions: Tensor, window?: number): Tensor {
  const position = tf.expandDims(tf.expandDims(positions, 1), 3)
  const ahead = tf.greater(order, position)
  const hidden = window === undefined ? ahead : tf.logicalOr(ahead, tf.lessEqual(order, tf.sub(position, window)))
  return tf.mul(tf.cast(hidden, 'float32'), masked)
}

/** Row of position 0 of each sequence and head, (B, KV). */
function firstRowsOf({ length }: KvCache, heads: number, slots: Tensor): Tensor {
  const ofSlot = tf.mul(tf.expandDims(slots, 1), tf.scalar(heads * length, 'int32'))
  return tf.add(ofSlot, tf.range(0, heads * length, length, 'int32'))
}

/** Rows that are attended over, (B · KV · length); undefined where that is the cache as it lies. */
function readRows(cache: KvCache, heads: number, { slots, holders }: { slots: Tensor; holders?: Tensor }) {
  if (holders) return heldRows(cache, heads, holders)
  if (slots.shape[0] === cache.slots) return undefined
  const order = tf.range(0, cache.length, 1, 'int32')
  return tf.reshape(tf.add(tf.expandDims(firstRowsOf(cache, heads, slots), 2), order), [-1])
}

/** Rows of the cache (B · KV · length) that hold each position of each head, in the order of a slot's own. */
function heldRows({ length }: KvCache, heads: number, holders: Tensor): Tensor {
  const firstRows = tf.mul(tf.expandDims(holders, 1), tf.scalar(heads * length, 'int32'))
  const inSlot = tf.reshape(tf.range(0, heads * length, 1, 'int32'), [1, heads, length])
  return tf.reshape(tf.add(firstRows, inSlot), [-1])
}

function cacheVariable(variables: Variables, name: string) {
  const variable = variables[name]
  if (!variable) throw new Error(`the program has no cache variable ${name}`)
  return variable
}

/** Copies what slot `from` holds into slot `to`, both (1) int32: a prefix that several sequences share is read once. */
export function copySlot(cache: KvCache, model: Model, variables: Variables, from: Tensor, to: Tensor): void {
  const order = tf.range(0, cache.length, 1, 'int32')
  const rowsOf = (slot: Tensor) =>
    tf.reshape(tf.add(tf.expandDims(firstRowsOf(cache, model.nKvHead, slot), 2), order), [-1])
  for (let layer = 0; layer < model.nLayer; layer++) {
    for (const name of [keyName(cache, layer), valueName(cache, layer)]) {
      copyRows(cacheVariable(variables, name), rowsOf(from), rowsOf(to))
    }
  }
}
