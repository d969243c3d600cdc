import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { packedCausalAttention } from '../nn/index.ts'
import { tf } from '../runtime/tf.ts'
import { loadModel, type Model, type Params } from './index.ts'

/** Keys that all Llama-like files share, tiny. */
const common = {
  vocab_size: 20,
  hidden_size: 16,
  intermediate_size: 24,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  max_position_embeddings: 64,
  hidden_act: 'silu',
  tie_word_embeddings: true,
  rope_parameters: { rope_type: 'default', rope_theta: 10_000 },
}

const own: Record<string, Record<string, unknown>> = {
  llama: {},
  mistral: { sliding_window: 3, tie_word_embeddings: false },
  qwen2: { use_sliding_window: true, sliding_window: 4, max_window_layers: 1 },
  mixtral: { num_local_experts: 4, num_experts_per_tok: 2 },
  qwen3: { head_dim: 6, use_sliding_window: false, sliding_window: null },
  qwen3_moe: {
    num_hidden_layers: 3,
    num_local_experts: 5,
    num_experts_per_tok: 3,
    moe_intermediate_size: 10,
    norm_topk_prob: false,
    mlp_only_layers: [1],
  },
}

/** A tiny model of a family. */
export function tinyFamily(modelType: string, more: Record<string, unknown> = {}): Model {
  return loadModel({ model_type: modelType, ...common, ...own[modelType], ...more })
}

/** The weights of `model.initialize(seed)`, to be called inside a tidy. */
export function freshParams(model: Model, seed: number): Params {
  const entries = Object.entries(model.initialize(seed))
  return Object.fromEntries(entries.map(([name, data]) => [name, tf.tensor(data, model.parameterShapes[name])]))
}

/** Hidden states (1, T, D) of one sequence, to be called inside a tidy. */
export function statesOf(model: Model, params: Params, ids: readonly number[]): Tensor {
  const row = (values: number[]) => tf.tensor2d([values], undefined, 'int32')
  const input = { ids: row([...ids]), positions: row([...ids.keys()]) }
  return model.hiddenStates(
    params,
    input,
    packedCausalAttention({ segments: row(ids.map(() => 1)), positions: input.positions }),
  )
}
