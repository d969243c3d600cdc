import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { linear, type Routing, silu } from '../nn/index.ts'
import type { StoredTensor } from './model.ts'

/** A layer's parameter by its name within the layer. */
export type ParamOf = (name: string) => Tensor

/** The part of a layer that follows attention. */
export interface FeedForward {
  /** Of its parameters, by their name within the layer. */
  shapes: Record<string, number[]>
  /** How files hold a parameter, where not as one tensor of its name. */
  storedAs?: Record<string, StoredTensor[]>
  /** (B, T, D) → (B, T, D). A router adds its choices to `routings`. */
  run(param: ParamOf, x: Tensor, routings?: Routing[]): Tensor
}

/** SwiGLU (Shazeer, 2020): down(silu(gate x) · up x). */
export function swiglu({ hiddenSize: D, intermediateSize: F }: { hiddenSize: number; intermediateSize: number }) {
  const run = (param: ParamOf, x: Tensor) => {
    const gated = silu(linear(x, param('mlp.gate_proj.weight'))).mul(linear(x, param('mlp.up_proj.weight'))) // (B, T, F)
    return linear(gated, param('mlp.down_proj.weight'))
  }
  const shapes = { 'mlp.gate_proj.weight': [F, D], 'mlp.up_proj.weight': [F, D], 'mlp.down_proj.weight': [D, F] }
  return { shapes, run } satisfies FeedForward
}
