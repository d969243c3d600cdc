import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import type { Attend, Routing } from '../nn/index.ts'

export type { Attend, Routing }

/**
 * Parameters by their Hugging Face name, in the Hugging Face layout. Beside the weight of a module may stand an adapter,
 * by PEFT's names `<module>.lora_A.weight` and `<module>.lora_B.weight`; see `layer.ts`.
 */
export type Params = Record<string, Tensor>

/** `ids` and `positions` are int32 (B, T). Positions restart with every packed segment. */
export interface ModelInput {
  ids: Tensor
  positions: Tensor
  /** int32 (N): flat places in (B·T) whose states are wanted; all unless set. The last layer computes no others. */
  at?: Tensor
}

/** A tensor of a weight file, in row-major order. */
export interface StoredTensor {
  name: string
  shape: number[]
}

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
  /** `language`: scores of the next token; `score`: one number, as reward and value models have it. */
  readonly head: 'language' | 'score'
  /** What every body parameter's name begins with; some files on the hub leave it out. */
  readonly basePrefix: string
  readonly parameterShapes: Record<string, number[]>
  /** Linear layers of the blocks, which may have adapters: names without `.weight`, layer by layer. */
  readonly projections: readonly string[]
  /** Whether their weights are (in, out), as GPT-2's, not (out, in). */
  readonly fanInFanOut: boolean
  /** How files hold a parameter, where not as one tensor of its name: these, one after another. */
  readonly storedAs?: Record<string, StoredTensor[]>
  /** Share of a parameter that one token is multiplied by, where not all of it: of experts those that it is sent to. */
  readonly activeShares?: Record<string, number>
  /** Weight of the router's balancing loss that config.json asks for; undefined for a model without experts. */
  readonly routerAuxLossCoef?: number
  /**
   * Hidden states after the final norm, (B, T, D), or (N, D) of the places asked for. Layers with a router add its
   * choices, for all tokens, to `routings`.
   */
  hiddenStates(params: Params, input: ModelInput, attend: Attend, routings?: Routing[]): Tensor
  /** Weight of the output layer, (V, D), the embedding itself where tied; of a score head, (1, D). */
  headWeight(params: Params): Tensor
  /**
   * Fresh weights: N(0, initializer_range), norms 1, biases 0; GPT-2 scales residual projections by 1/sqrt(2 nLayer);
   * a score head is N(0, 1/sqrt(D + 1)). Same seed, same bits.
   */
  initialize(seed: number): Record<string, Float32Array>
}
