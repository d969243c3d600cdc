import type { WeightFile } from '../../checkpoint/model-weights.ts'
import { refuseTensor } from '../../checkpoint/refuse-tensor.ts'
import type { GgufTensor } from './gguf-header.ts'
import type { GgufFile } from './open-gguf.ts'

/** Factors of llama3's rope scaling: part of the config, no weight. */
export const ropeFactorsName = 'rope_freqs.weight'

const outer: Record<string, string> = { token_embd: 'model.embed_tokens', output_norm: 'model.norm', output: 'lm_head' }
const inBlock: Record<string, string> = {
  attn_norm: 'input_layernorm',
  attn_q: 'self_attn.q_proj',
  attn_k: 'self_attn.k_proj',
  attn_v: 'self_attn.v_proj',
  attn_output: 'self_attn.o_proj',
  attn_q_norm: 'self_attn.q_norm',
  attn_k_norm: 'self_attn.k_norm',
  ffn_norm: 'post_attention_layernorm',
  ffn_gate: 'mlp.gate_proj',
  ffn_up: 'mlp.up_proj',
  ffn_down: 'mlp.down_proj',
}

/**
 * A GGUF file's weights under their Hugging Face names and in that layout.
 * @param interleavedHeadDim - size of a head, where q and k are stored with interleaved rows (see `splitRow`)
 */
export function ggufWeights(file: GgufFile, interleavedHeadDim: number | undefined): WeightFile {
  const stored = new Map<string, GgufTensor>()
  for (const [name, tensor] of file.tensors) if (name !== ropeFactorsName) stored.set(huggingFaceName(name), tensor)
  const tensors = [...stored].map(([name, { shape }]) => [name, { dtype: 'F32', shape }] as const)
  return {
    path: file.path,
    tensors: new Map(tensors),
    float32: (name) => {
      const tensor = stored.get(name) ?? refuseTensor(file.path, name, 'is not in the file')
      const interleaved = interleavedHeadDim !== undefined && /\.[qk]_proj\.weight$/.test(name)
      return file.float32(tensor, interleaved ? (row) => splitRow(row, interleavedHeadDim) : undefined)
    },
    close: file.close,
  }
}

/** A name without a counterpart stays: no model has it, and it is refused by the name that it has in the file. */
function huggingFaceName(name: string): string {
  const [, layer, part = '', kind] = /^(?:blk\.(\d+)\.)?([a-z_]+)\.(weight|bias)$/.exec(name) ?? []
  const known = layer === undefined ? outer : inBlock
  if (!Object.hasOwn(known, part)) return name
  return layer === undefined ? `${known[part]}.${kind}` : `model.layers.${layer}.${known[part]}.${kind}`
}

/**
 * GGUF's llama layout stores the rows of a head of q and k as the pairs that rope rotates, (0, half), (1, half + 1), …;
 * the Hugging Face layout has the first halves of all pairs, then the second ones.
 */
function splitRow(storedRow: number, headDim: number): number {
  const inHead = storedRow % headDim
  return storedRow - inHead + (inHead % 2) * (headDim / 2) + Math.floor(inHead / 2)
}
