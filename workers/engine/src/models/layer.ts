import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { type conv1d, dropout, linear } from '../nn/index.ts'
import { seedOf } from '../random.ts'
import { tf } from '../runtime/tf.ts'
import { loraA, loraB } from './adapter.ts'
import type { Params } from './model.ts'

/** What adapters of all modules have in common stands beside their weights: a scalar, and in training these two. */
const scaling = 'lora.scaling'
const dropoutRate = 'lora.dropout.rate'
const dropoutSeed = 'lora.dropout.seed'

/** One layer of a model: its parameters and its projections, by their names within it. */
export interface Layer {
  param(name: string): Tensor
  /** (…, I) → (…, O) by the weight and bias of a module, and by its adapter where it has one. */
  project(module: string, x: Tensor): Tensor
}

/**
 * @param prefix - what the names of the layer's parameters begin with
 * @param product - how its weights lie
 */
export function layerOf(params: Params, prefix: string, product: typeof linear | typeof conv1d): Layer {
  return {
    param: (name) => params[prefix + name] as Tensor,
    project: (name, x) => {
      const module = prefix + name
      const y = product(x, params[`${module}.weight`] as Tensor, params[`${module}.bias`])
      const [a, b] = [params[loraA(module)], params[loraB(module)]]
      return a && b ? tf.add(y, lowRank(params, module, x, a, b)) : y
    },
  }
}

/** scaling · (dropout(x) A^T) B^T: no matrix of the size of W is built. */
function lowRank(params: Params, module: string, x: Tensor, a: Tensor, b: Tensor): Tensor {
  const inner = linear(droppedOut(params, module, x), a) // (…, r)
  return linear(tf.mul(inner, params[scaling] as Tensor), b)
}

/** Each module drops others of its inputs. */
function droppedOut(params: Params, module: string, x: Tensor): Tensor {
  const { [dropoutRate]: rate, [dropoutSeed]: seed } = params
  if (!rate || !seed) return x
  return dropout(x, rate, tf.add(seed, tf.tensor1d([seedOf(module), 0], 'int32')))
}

/** Whether adapters stand over these weights, which are then frozen. */
export function hasAdapters(params: Params): boolean {
  return scaling in params
}

/** Parameters with those of adapters beside them. */
export function withAdapter(params: Params, adapter: Params, scale: number): Params {
  return { ...params, ...adapter, [scaling]: tf.scalar(scale) }
}

/** The same where adapters drop a share of their inputs: in training alone. @param seed - int32 (2), of one pass */
export function withDropout(params: Params, rate: number, seed: Tensor): Params {
  return { ...params, [dropoutRate]: tf.scalar(rate), [dropoutSeed]: seed }
}
