import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import type { Attend, Model } from '../models/model.ts'
import { attention, masked, oncePerWindow } from '../nn/index.ts'
import { tf } from '../runtime/tf.ts'
import { type VariableSpec, type Variables, writeRows } from '../tracing/index.ts'

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

const keyName = (cache: KvCache, layer: number) => `${cache.name}/k/${layer}`
const valueName = (cache: KvCache, layer: number) => `${cache.name}/v/${layer}`

/**
 * Attention over whole prompts (from position 0), which also fills the cache: one copy a layer, because writing tens of
 * thousands of rows in place takes longer than the attention itself. `promptLength` is the padded length. Where slots
 * are a multiple of prompts, as in beam search, a prompt fills the first of its slots.
 */
export function prefillAttend(cache: KvCache, model: Model, variables: Variables, promptLength: number): Attend {
  const { slots, length } = cache
  const maskOf = oncePerWindow((window) =>
    tf.tensor(causalMask(promptLength, window), [1, 1, promptLength, promptLength]),
  )
  const fill = (name: string, value: Tensor) => {
    const prompts = value.shape[0] ?? 0
    const room: [number, number][] = [[0, 0], [0, slots / prompts - 1], [0, 0], [0, length - promptLength], [0, 0]] // biome-ignore format: one row
    const rows = [slots * model.nKvHead * length, model.headDim]
    cacheVariable(variables, name).assign(tf.reshape(tf.pad(tf.expandDims(value, 1), room), rows))
  }
  return (layer, q, k, v, window) => {
    fill(keyName(cache, layer), k)
    fill(valueName(cache, layer), v)
    return attention(q, k, v, maskOf(window))
  }
}

/**
 * Attention of one new token a slot, at `positions` (B) int32, over everything its slot holds up to there.
 * @param holders - (B, length) int32, where sequences share what they have in common: the slot that holds each position
 */
export function decodeAttend(
  cache: KvCache,
  model: Model,
  variables: Variables,
  positions: Tensor,
  holders?: Tensor,
): Attend {
  const { slots, length } = cache
  const heads = model.nKvHead
  const firstRows = tf.tensor2d(
    Array.from({ length: slots * heads }, (_, row) => row * length),
    [slots, heads],
    'int32',
  )
  const rows = tf.reshape(tf.add(firstRows, tf.expandDims(positions, 1)), [slots * heads])
  const order = tf.range(0, length, 1, 'int32')
  const position = tf.expandDims(positions, 1)
  const maskOf = oncePerWindow((window) => {
    const ahead = tf.greater(order, position)
    const hidden = window === undefined ? ahead : tf.logicalOr(ahead, tf.lessEqual(order, tf.sub(position, window)))
    return tf.reshape(tf.mul(tf.cast(hidden, 'float32'), masked), [slots, 1, 1, length])
  })
  const seen = holders && heldRows(cache, heads, holders)
  return (layer, q, k, v, window) => {
    const write = (name: string, value: Tensor) => {
      const held = writeRows(cacheVariable(variables, name), rows, tf.reshape(value, [slots * heads, model.headDim]))
      return tf.reshape(seen ? tf.gather(held, seen) : held, [slots, heads, length, model.headDim])
    }
    return attention(q, write(keyName(cache, layer), k), write(valueName(cache, layer), v), maskOf(window))
  }
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

function causalMask(length: number, window = length): Float32Array {
  return Float32Array.from({ length: length * length }, (_, i) => {
    const back = Math.floor(i / length) - (i % length)
    return back < 0 || back >= window ? masked : 0
  })
}
