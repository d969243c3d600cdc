import { loadModel, type Model } from '@temper/engine/models'
import type { Size } from '../sizes.ts'

/** GPT-2 of a size, without special tokens; context as the peer's, 512 tokens at least. */
export function gpt2Of(size: Size): Model {
  return loadModel({
    model_type: 'gpt2',
    architectures: ['GPT2LMHeadModel'],
    activation_function: 'gelu_new',
    n_embd: size.hiddenSize,
    n_layer: size.nLayer,
    n_head: size.nHead,
    n_positions: Math.max(512, size.train.length),
    vocab_size: size.vocabSize,
    tie_word_embeddings: true,
  })
}
