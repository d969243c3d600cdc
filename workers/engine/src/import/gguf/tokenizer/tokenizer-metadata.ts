import { z } from 'zod'
import type { GgufFile } from '../open-gguf.ts'
import { refuseGguf } from '../refuse-gguf.ts'

const id = z.number().int().min(0).optional()

const schema = z.object({
  'tokenizer.ggml.model': z.string(),
  'tokenizer.ggml.pre': z.string().optional(),
  'tokenizer.ggml.tokens': z.array(z.string()).min(1),
  'tokenizer.ggml.token_type': z.array(z.number()).optional(),
  'tokenizer.ggml.merges': z.array(z.string()).optional(),
  'tokenizer.ggml.scores': z.array(z.number()).optional(),
  'tokenizer.ggml.bos_token_id': id,
  'tokenizer.ggml.eos_token_id': id,
  'tokenizer.ggml.eot_token_id': id,
  'tokenizer.ggml.unknown_token_id': id,
  'tokenizer.ggml.padding_token_id': id,
  'tokenizer.ggml.add_bos_token': z.boolean().optional(),
  'tokenizer.ggml.add_eos_token': z.boolean().optional(),
  'tokenizer.ggml.add_space_prefix': z.boolean().optional(),
  'tokenizer.chat_template': z.string().optional(),
})

/** What a token is, as `token_type` numbers it. */
export const tokenTypes = { normal: 1, unknown: 2, control: 3, userDefined: 4 } as const

/** A GGUF file's tokenizer, checked. Ids are places in `tokens`. */
export type TokenizerMetadata = ReturnType<typeof tokenizerMetadata>

/** @throws TemperError invalid_checkpoint for metadata that describe no tokenizer */
export function tokenizerMetadata(file: GgufFile) {
  const parsed = schema.safeParse(Object.fromEntries(file.metadata))
  if (!parsed.success) return refuseGguf(file.path, `metadata of the tokenizer: ${z.prettifyError(parsed.error)}`)
  const { data } = parsed
  const tokens = data['tokenizer.ggml.tokens']
  const types = data['tokenizer.ggml.token_type'] ?? tokens.map(() => tokenTypes.normal)
  const vocab = new Map(tokens.map((token, i) => [token, i]))
  if (vocab.size !== tokens.length) refuseGguf(file.path, `tokenizer.ggml.tokens holds a token twice`)
  if (types.length !== tokens.length) {
    refuseGguf(file.path, `tokenizer.ggml.token_type has ${types.length} values for ${tokens.length} tokens`)
  }
  const tokenOf = (name: 'bos' | 'eos' | 'eot' | 'unknown' | 'padding') => {
    const at = data[`tokenizer.ggml.${name}_token_id`]
    if (at === undefined) return undefined
    const token = tokens[at] ?? refuseGguf(file.path, `${name}_token_id ${at} is beyond the ${tokens.length} tokens`)
    return { id: at, token }
  }
  return {
    path: file.path,
    model: data['tokenizer.ggml.model'],
    pre: data['tokenizer.ggml.pre'],
    tokens,
    types,
    vocab,
    merges: data['tokenizer.ggml.merges'],
    scores: data['tokenizer.ggml.scores'],
    bos: tokenOf('bos'),
    eos: tokenOf('eos'),
    eot: tokenOf('eot'),
    unknown: tokenOf('unknown'),
    padding: tokenOf('padding'),
    addBos: data['tokenizer.ggml.add_bos_token'],
    addEos: data['tokenizer.ggml.add_eos_token'] ?? false,
    addSpacePrefix: data['tokenizer.ggml.add_space_prefix'] ?? true,
    chatTemplate: data['tokenizer.chat_template'],
  }
}
