import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { atPlaces } from '../nn/index.ts'
import type { ModelInput } from './model.ts'

/** Takes states (B, T, D) to those of the places asked for, (N, D), once: of all where none are named. */
export function wantedPlaces({ at }: ModelInput): (x: Tensor) => Tensor {
  return (x) => (at && x.rank === 3 ? atPlaces(x, at) : x)
}

/**
 * What the last layer does so early that it computes nothing else, where that spares it something. Earlier layers need all
 * places, for the attention of later ones.
 */
export function wantedInLayer(input: ModelInput, layer: number, { nLayer }: { nLayer: number }): (x: Tensor) => Tensor {
  const spares = layer === nLayer - 1 && input.at !== undefined && input.at.size < input.ids.size
  return spares ? wantedPlaces(input) : (x) => x
}
