import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { tf } from '../runtime/tf.ts'
import { type Adapter, adaptedModules, loraA, loraB, scalingOf } from './adapter.ts'
import type { Model, Params } from './model.ts'

/**
 * The weights of adapted modules with their adapters added in, W + scaling · B A: what a model without adapters needs
 * to compute the same.
 */
export function mergedWeights(params: Params, model: Model, adapter: Adapter): Record<string, Tensor> {
  const scaling = scalingOf(adapter)
  const merged = adaptedModules(model, adapter).map((module) => {
    const of = (name: string) => params[name] as Tensor
    const [weight, a, b] = [of(`${module}.weight`), of(loraA(module)), of(loraB(module))]
    const change = model.fanInFanOut ? tf.matMul(a, b, true, true) : tf.matMul(b, a) // as W lies
    return [`${module}.weight`, tf.add(weight, tf.mul(change, scaling))]
  })
  return Object.fromEntries(merged)
}
