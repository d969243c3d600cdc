import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import type { Attend, Model } from '../models/model.ts'
import { attention } from '../nn/index.ts'
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

const minusInfinity = -1e9

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

/** Attention over whole prompts (every slot from position 0), which also fills the cache. T is the padded length. */
export function prefillAttend(cache: KvCache, model: Model, variables: Variables, promptLength: number): Attend {
  const { slots, length } = cache
  const rows = tf.tensor1d(prefillRows(slots * model.nKvHead, length, promptLength), 'int32')
  const mask = tf.tensor(causalMask(promptLength), [1, 1, promptLength, promptLength])
  return (layer, q, k, v) => {
    const flat = [slots * model.nKvHead * promptLength, model.headDim]
    writeRows(cacheVariable(variables, keyName(cache, layer)), rows, tf.reshape(k, flat))
    writeRows(cacheVariable(variables, valueName(cache, layer)), rows, tf.reshape(v, flat))
    return attention(q, k, v, mask)
  }
}

/** Attention of one new token a slot, at `positions` (B) int32, over everything its slot holds up to there. */
export function decodeAttend(cache: KvCache, model: Model, variables: Variables, positions: Tensor): Attend {
  const { slots, length } = cache
  const heads = model.nKvHead
  const firstRows = tf.tensor2d(
    Array.from({ length: slots * heads }, (_, row) => row * length),
    [slots, heads],
    'int32',
  )
  const rows = tf.reshape(tf.add(firstRows, tf.expandDims(positions, 1)), [slots * heads])
  const ahead = tf.greater(tf.range(0, length, 1, 'int32'), tf.expandDims(positions, 1))
  const mask = tf.reshape(tf.mul(tf.cast(ahead, 'float32'), minusInfinity), [slots, 1, 1, length])
  return (layer, q, k, v) => {
    const write = (name: string, value: Tensor) =>
      tf.reshape(writeRows(cacheVariable(variables, name), rows, tf.reshape(value, [slots * heads, model.headDim])), [
        slots,
        heads,
        length,
        model.headDim,
      ])
    return attention(q, write(keyName(cache, layer), k), write(valueName(cache, layer), v), mask)
  }
}

function cacheVariable(variables: Variables, name: string) {
  const variable = variables[name]
  if (!variable) throw new Error(`the program has no cache variable ${name}`)
  return variable
}

function prefillRows(sequences: number, length: number, promptLength: number): Int32Array {
  return Int32Array.from(
    { length: sequences * promptLength },
    (_, i) => Math.floor(i / promptLength) * length + (i % promptLength),
  )
}

function causalMask(length: number): Float32Array {
  return Float32Array.from({ length: length * length }, (_, i) =>
    i % length > Math.floor(i / length) ? minusInfinity : 0,
  )
}
