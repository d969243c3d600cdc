import { type ModelSpec, TemperError } from '@temper/db/contracts'
import { loadModel } from './load-model.ts'
import type { Model } from './model.ts'

export interface SpecialIds {
  bosId?: number | null
  eosId?: number | null
  padId?: number | null
}

type NewModel = Extract<ModelSpec, { architecture: string }>

/**
 * The model that a recipe asks for, with a config.json that transformers reads.
 * @param vocabSize - of its tokenizer, which it shares all ids with
 * @throws TemperError invalid_recipe for sizes that do not fit each other
 */
export function modelFromSpec(spec: NewModel, vocabSize: number, ids: SpecialIds): Model {
  const kvHeads = spec.nKvHead ?? spec.nHead
  if (spec.architecture === 'gpt2' && kvHeads !== spec.nHead) {
    throw new TemperError('invalid_recipe', `nKvHead (${kvHeads}) must be nHead (${spec.nHead}) in a gpt2 model`)
  }
  if (spec.hiddenSize % spec.nHead !== 0) mismatch('hiddenSize', spec.hiddenSize, 'nHead', spec.nHead)
  if (spec.architecture === 'llama' && (spec.hiddenSize / spec.nHead) % 2 !== 0) {
    mismatch('hiddenSize', spec.hiddenSize, '2 × nHead', 2 * spec.nHead)
  }
  if (spec.nHead % kvHeads !== 0) mismatch('nHead', spec.nHead, 'nKvHead', kvHeads)
  const special = { bos_token_id: ids.bosId ?? null, eos_token_id: ids.eosId ?? null, pad_token_id: ids.padId ?? null }
  const common = {
    dtype: 'float32',
    initializer_range: spec.initializerRange,
    tie_word_embeddings: spec.tieWordEmbeddings,
    use_cache: true,
  }
  return loadModel({ ...architectureKeys(spec), ...common, ...special, vocab_size: vocabSize })
}

function architectureKeys(spec: NewModel): Record<string, unknown> {
  if (spec.architecture === 'gpt2') {
    return {
      architectures: ['GPT2LMHeadModel'],
      model_type: 'gpt2',
      activation_function: 'gelu_new',
      n_embd: spec.hiddenSize,
      n_layer: spec.nLayer,
      n_head: spec.nHead,
      n_positions: spec.contextLength,
      n_inner: spec.intermediateSize ?? 4 * spec.hiddenSize,
      layer_norm_epsilon: 1e-5,
      attn_pdrop: 0,
      embd_pdrop: 0,
      resid_pdrop: 0,
    }
  }
  return {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    hidden_act: 'silu',
    hidden_size: spec.hiddenSize,
    intermediate_size: spec.intermediateSize ?? 3 * spec.hiddenSize,
    num_hidden_layers: spec.nLayer,
    num_attention_heads: spec.nHead,
    num_key_value_heads: spec.nKvHead ?? spec.nHead,
    head_dim: spec.hiddenSize / spec.nHead,
    max_position_embeddings: spec.contextLength,
    rms_norm_eps: 1e-6,
    attention_bias: false,
    attention_dropout: 0,
    mlp_bias: false,
    rope_parameters: { rope_type: 'default', rope_theta: spec.ropeTheta },
  }
}

function mismatch(name: string, value: number, ofName: string, of: number): never {
  const message = `${name} (${value}) must be a multiple of ${ofName} (${of})`
  throw new TemperError('invalid_recipe', message, { details: { [name]: value, [ofName]: of } })
}
