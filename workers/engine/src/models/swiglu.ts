import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { gatedSilu, type Routing } from '../nn/index.ts'
import type { Layer } from './layer.ts'
import type { StoredTensor } from './model.ts'

/** The part of a layer that follows attention. */
export interface FeedForward {
  /** Of its parameters, by their name within the layer. */
  shapes: Record<string, number[]>
  /** Modules that may have adapters. */
  projections: string[]
  /** How files hold a parameter, where not as one tensor of its name. */
  storedAs?: Record<string, StoredTensor[]>
  /** Share of a parameter that one token is multiplied by, where not all of it. */
  activeShares?: Record<string, number>
  /** (B, T, D) → (B, T, D). A router adds its choices to `routings`. */
  run(layer: Layer, x: Tensor, routings?: Routing[]): Tensor
}

/** SwiGLU (Shazeer, 2020): down(silu(gate x) · up x). */
export function swiglu({ hiddenSize: D, intermediateSize: F }: { hiddenSize: number; intermediateSize: number }) {
  const run = ({ project }: Layer, x: Tensor) => {
    const gated = gatedSilu(project('mlp.gate_proj', x), project('mlp.up_proj', x)) // (B, T, F)
    return project('mlp.down_proj', gated)
  }
  const shapes = { 'mlp.gate_proj.weight': [F, D], 'mlp.up_proj.weight': [F, D], 'mlp.down_proj.weight': [D, F] }
  return { shapes, projections: ['mlp.gate_proj', 'mlp.up_proj', 'mlp.down_proj'], run } satisfies FeedForward
}
