import { loadModel } from '../models/index.ts'
import { f32, f32Tensor, type GgufFixture } from './gguf/gguf.fixture.ts'

export const hiddenSize = 8
const [nHead, nKvHead, headDim, vocabSize] = [2, 1, 4, 9]
const config = {
  model_type: 'llama',
  vocab_size: vocabSize,
  hidden_size: hiddenSize,
  intermediate_size: 6,
  num_hidden_layers: 1,
  num_attention_heads: nHead,
  num_key_value_heads: nKvHead,
  max_position_embeddings: 32,
  tie_word_embeddings: false,
}
export const model = loadModel(config)
export const weights = model.initialize(5)

/** Name in GGUF by Hugging Face name. */
const names: Record<string, string> = {
  'model.embed_tokens.weight': 'token_embd.weight',
  'model.norm.weight': 'output_norm.weight',
  'lm_head.weight': 'output.weight',
  'model.layers.0.input_layernorm.weight': 'blk.0.attn_norm.weight',
  'model.layers.0.self_attn.q_proj.weight': 'blk.0.attn_q.weight',
  'model.layers.0.self_attn.k_proj.weight': 'blk.0.attn_k.weight',
  'model.layers.0.self_attn.v_proj.weight': 'blk.0.attn_v.weight',
  'model.layers.0.self_attn.o_proj.weight': 'blk.0.attn_output.weight',
  'model.layers.0.post_attention_layernorm.weight': 'blk.0.ffn_norm.weight',
  'model.layers.0.mlp.gate_proj.weight': 'blk.0.ffn_gate.weight',
  'model.layers.0.mlp.up_proj.weight': 'blk.0.ffn_up.weight',
  'model.layers.0.mlp.down_proj.weight': 'blk.0.ffn_down.weight',
}

/** What llama.cpp's converter does to q and k: (heads, 2, half, in) becomes (heads, half, 2, in). */
function interleave(values: Float32Array, heads: number): Float32Array {
  const row = (head: number, part: number, i: number) => {
    const at = (head * headDim + part * (headDim / 2) + i) * hiddenSize
    return [...values.subarray(at, at + hiddenSize)]
  }
  const rows: number[][] = []
  for (let head = 0; head < heads; head++) {
    for (let i = 0; i < headDim / 2; i++) rows.push(row(head, 0, i), row(head, 1, i))
  }
  return Float32Array.from(rows.flat())
}

export type TinyGguf = Required<Pick<GgufFixture, 'metadata' | 'tensors'>>

/** A Llama with one layer and nine tokens as a GGUF file. */
export function tinyGguf(): TinyGguf {
  const stored = (name: string) => {
    const values = weights[name] as Float32Array
    if (name.includes('q_proj')) return interleave(values, nHead)
    return name.includes('k_proj') ? interleave(values, nKvHead) : values
  }
  return {
    metadata: [
      ['general.architecture', 'llama'],
      ['llama.block_count', 1],
      ['llama.context_length', 32],
      ['llama.embedding_length', hiddenSize],
      ['llama.feed_forward_length', 6],
      ['llama.attention.head_count', nHead],
      ['llama.attention.head_count_kv', nKvHead],
      ['llama.attention.layer_norm_rms_epsilon', f32(1e-5)],
      ['tokenizer.ggml.model', 'gpt2'],
      ['tokenizer.ggml.pre', 'smollm'],
      ['tokenizer.ggml.tokens', ['<|end|>', 'a', 'b', '1', '2', 'ab', '12', 'Ġ', 'Ġab']],
      ['tokenizer.ggml.token_type', [3, 1, 1, 1, 1, 1, 1, 1, 1]],
      ['tokenizer.ggml.merges', ['a b', '1 2', 'Ġ ab']],
      ['tokenizer.ggml.eos_token_id', 0],
      ['tokenizer.chat_template', "{% for m in messages %}{{ m['content'] + '<|end|>' }}{% endfor %}"],
    ],
    tensors: Object.entries(model.parameterShapes).map(([name, shape]) => [
      names[name] ?? name,
      f32Tensor(shape, stored(name)),
    ]),
  }
}
