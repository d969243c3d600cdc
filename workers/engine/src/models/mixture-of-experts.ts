import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { expertsSwiglu, linear, type Routing, routeTopK } from '../nn/index.ts'
import type { Layer } from './layer.ts'
import type { StoredTensor } from './model.ts'
import type { FeedForward } from './swiglu.ts'

export interface MixtureOptions {
  hiddenSize: number
  /** Of each expert. */
  intermediateSize: number
  nExpert: number
  /** Experts a token. */
  topK: number
  /** Whether the weights of a token's experts add up to 1. */
  normalize: boolean
  /** What files call the part and its matrices: `<part>.gate.weight`, `<part>.experts.<n>.<gate>.weight`. */
  stored: { part: string; gate: string; up: string; down: string }
}

/**
 * SwiGLU by the experts that a router chooses. The experts' matrices are stacked, as transformers 5 holds them; files
 * hold each expert's own.
 */
export function mixtureOfExperts(options: MixtureOptions): FeedForward {
  const { hiddenSize: D, intermediateSize: F, nExpert: E, topK, normalize } = options
  const run = ({ param }: Layer, x: Tensor, routings?: Routing[]) => {
    const rows = x.reshape([-1, D])
    const { routing, weights } = routeTopK(linear(rows, param('mlp.gate.weight')), topK, normalize)
    routings?.push(routing)
    const [gateUp, down] = [param('mlp.experts.gate_up_proj'), param('mlp.experts.down_proj')]
    return expertsSwiglu(rows, routing.experts, weights, gateUp, down).reshape(x.shape)
  }
  const shapes = {
    'mlp.gate.weight': [E, D],
    'mlp.experts.gate_up_proj': [E, 2 * F, D],
    'mlp.experts.down_proj': [E, D, F],
  }
  const activeShares = { 'mlp.experts.gate_up_proj': topK / E, 'mlp.experts.down_proj': topK / E }
  return { shapes, projections: [], storedAs: storedAs(options), activeShares, run }
}

function storedAs({ hiddenSize: D, intermediateSize: F, nExpert, stored }: MixtureOptions) {
  const { part, gate, up, down } = stored
  const ofExperts = (names: readonly string[], shape: number[]): StoredTensor[] =>
    Array.from({ length: nExpert }, (_, expert) =>
      names.map((name) => ({ name: `${part}.experts.${expert}.${name}.weight`, shape })),
    ).flat()
  return {
    'mlp.gate.weight': [{ name: `${part}.gate.weight`, shape: [nExpert, D] }],
    'mlp.experts.gate_up_proj': ofExperts([gate, up], [F, D]),
    'mlp.experts.down_proj': ofExperts([down], [D, F]),
  }
}
