import type { TokenizerFiles } from '../../../tokenizer/index.ts'
import type { GgufFile } from '../open-gguf.ts'
import { refuseGguf } from '../refuse-gguf.ts'
import { byteLevelParts, type TokenizerParts } from './byte-level-parts.ts'
import { sentencepieceParts } from './sentencepiece-parts.ts'
import { type TokenizerMetadata, tokenizerMetadata, tokenTypes } from './tokenizer-metadata.ts'

export interface GgufTokenizer {
  files: TokenizerFiles
  generationConfig: Record<string, unknown>
}

/**
 * Tokenizer files and end tokens from a GGUF file's metadata.
 * @throws TemperError unsupported for a kind that it does not know, invalid_checkpoint for metadata that do not fit
 */
export function ggufTokenizer(file: GgufFile): GgufTokenizer {
  const metadata = tokenizerMetadata(file)
  const parts = partsOf(metadata)
  const tokenizer = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: addedTokens(metadata),
    normalizer: parts.normalizer,
    pre_tokenizer: parts.preTokenizer,
    post_processor: postProcessor(metadata, metadata.addBos ?? parts.addsBos),
    decoder: parts.decoder,
    model: { type: 'BPE', dropout: null, continuing_subword_prefix: null, end_of_word_suffix: null, ...parts.model },
  }
  const { bos, eos, eot, padding, unknown, chatTemplate } = metadata
  const config = {
    tokenizer_class: 'PreTrainedTokenizerFast',
    clean_up_tokenization_spaces: false,
    bos_token: bos?.token ?? null,
    eos_token: eos?.token ?? null,
    pad_token: padding?.token ?? null,
    unk_token: unknown?.token ?? null,
    ...(chatTemplate !== undefined && { chat_template: chatTemplate }),
  }
  const ends = [...new Set([eos?.id, eot?.id])].filter((id) => id !== undefined)
  const ids = { bos_token_id: bos?.id ?? null, eos_token_id: ends, pad_token_id: padding?.id ?? null }
  return { files: { tokenizer, config }, generationConfig: ids }
}

function partsOf(metadata: TokenizerMetadata): TokenizerParts {
  if (metadata.model === 'gpt2') return byteLevelParts(metadata)
  if (metadata.model === 'llama') return sentencepieceParts(metadata)
  const rule = `tokenizer.ggml.model must be gpt2 or llama, it is ${JSON.stringify(metadata.model)}`
  return refuseGguf(metadata.path, rule, 'unsupported')
}

/** Tokens that no merge makes: they are found in the text before it is split. */
function addedTokens({ tokens, types }: TokenizerMetadata) {
  const special: number[] = [tokenTypes.control, tokenTypes.unknown]
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false }
  return tokens.flatMap((content, id) => {
    const type = types[id] ?? tokenTypes.normal
    if (type !== tokenTypes.userDefined && !special.includes(type)) return []
    return [{ id, content, ...flags, special: special.includes(type) }]
  })
}

/** Puts bos before and eos after a text, where the file asks for it. */
function postProcessor({ bos, eos, addEos }: TokenizerMetadata, addBos: boolean) {
  const before = addBos && bos ? [bos] : []
  const after = addEos && eos ? [eos] : []
  const marks = (list: { token: string }[], type_id: number) =>
    list.map(({ token }) => ({ SpecialToken: { id: token, type_id } }))
  const sequence = (id: string, type_id: number) => [
    ...marks(before, type_id),
    { Sequence: { id, type_id } },
    ...marks(after, type_id),
  ]
  const used = [...before, ...after].map(({ id, token }) => [token, { id: token, ids: [id], tokens: [token] }])
  return {
    type: 'TemplateProcessing',
    single: sequence('A', 0),
    pair: [...sequence('A', 0), ...sequence('B', 1)],
    special_tokens: Object.fromEntries(used),
  }
}
