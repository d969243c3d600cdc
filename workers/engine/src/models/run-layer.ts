import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { recomputed } from '../tracing/index.ts'
import type { Params } from './model.ts'

/**
 * Runs one layer, which gradient checkpointing computes twice (see `recomputed`).
 * @param prefix - what the names of its parameters begin with
 * @param x - (B, T, D)
 * @param run - reads parameters of the layer from what it is given; its first output is the next layer's x
 */
export function runLayer(
  params: Params,
  prefix: string,
  x: Tensor,
  run: (params: Params, x: Tensor) => Tensor[],
): Tensor[] {
  const own = Object.entries(params).filter(([name]) => name.startsWith(prefix))
  return recomputed({
    x,
    params: own.map(([, param]) => param),
    run: (input, values) =>
      run({ ...params, ...Object.fromEntries(own.map(([name], i) => [name, values[i] as Tensor])) }, input),
  })
}
