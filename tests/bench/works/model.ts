import { loadModel, type Model } from '@temper/engine/models'
import type { Size } from '../sizes.ts'

/** The model of a size, without special tokens. */
export function modelOf(size: Size): Model {
  return loadModel({ ...(size.llama ? llamaKeys(size.llama, size) : gpt2Keys(size)), tie_word_embeddings: true })
}

/** Context as the peer's, 512 tokens at least. */
function gpt2Keys(size: Size) {
  return {
    model_type: 'gpt2',
    architectures: ['GPT2LMHeadModel'],
    activation_function: 'gelu_new',
    n_embd: size.hiddenSize,
    n_layer: size.nLayer,
    n_head: size.nHead,
    n_positions: Math.max(512, size.train.length),
    vocab_size: size.vocabSize,
  }
}

/** As the peer's: the rest are transformers' defaults. */
function llamaKeys({ nKvHead, intermediateSize, contextLength }: NonNullable<Size['llama']>, size: Size) {
  return {
    model_type: 'llama',
    architectures: ['LlamaForCausalLM'],
    hidden_size: size.hiddenSize,
    intermediate_size: intermediateSize,
    num_hidden_layers: size.nLayer,
    num_attention_heads: size.nHead,
    num_key_value_heads: nKvHead,
    max_position_embeddings: contextLength,
    rms_norm_eps: 1e-5,
    vocab_size: size.vocabSize,
  }
}
