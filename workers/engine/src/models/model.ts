import type { Tensor } from '@tensorflow/tfjs-node-gpu'

/** Parameters by their Hugging Face name, in the Hugging Face layout. */
export type Params = Record<string, Tensor>

/** `ids` and `positions` are int32 (B, T). Positions restart with every packed segment. */
export interface ModelInput {
  ids: Tensor
  positions: Tensor
}

/**
 * How a layer attends: q (B, H, T, hd), k and v (B, KV, T, hd), already rotated; returns (B, H, T, hd).
 * Training passes packed causal attention, generation passes attention over its cache: a model knows neither.
 */
export type Attend = (layer: number, q: Tensor, k: Tensor, v: Tensor) => Tensor

/** A decoder-only language model of one architecture and size. */
export interface Model {
  readonly modelType: string
  /** The `config.json` it was read from, or that describes it. */
  readonly configJson: Record<string, unknown>
  readonly nLayer: number
  readonly nHead: number
  readonly nKvHead: number
  readonly headDim: number
  readonly hiddenSize: number
  readonly vocabSize: number
  readonly contextLength: number
  readonly parameterShapes: Record<string, number[]>
  /** Hidden states after the final norm, (B, T, D). */
  hiddenStates(params: Params, input: ModelInput, attend: Attend): Tensor
  /** Weight of the output layer, (V, D); the embedding itself where tied. */
  headWeight(params: Params): Tensor
  /** Fresh weights: N(0, initializer_range), norms 1, biases 0; GPT-2 scales residual projections by 1/sqrt(2 nLayer). */
  initialize(seed: number): Record<string, Float32Array>
}
