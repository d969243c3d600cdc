import { TemperError } from '@temper/db/contracts'
import { learnMerges } from './bpe-merges.ts'
import { byteCharacters, utf8Bytes, wordPattern } from './byte-level.ts'
import { chatTemplate, specialTokens } from './special-tokens.ts'
import type { TokenizerFiles } from './tokenizer-files.ts'

const defaultSpecialTokens: readonly string[] = Object.values(specialTokens)

/**
 * Trains a byte-level BPE tokenizer: special tokens, all 256 bytes, then merges in the order learned.
 *
 * @param options.vocabSize upper bound; fewer tokens where no pair of the text occurs twice
 * @throws invalid_input where `vocabSize` cannot hold the bytes and special tokens
 */
export function trainBpe(
  texts: Iterable<string>,
  options: { vocabSize: number; specialTokens?: readonly string[] },
): TokenizerFiles {
  const special = options.specialTokens ?? defaultSpecialTokens
  const tokens = [...special, ...byteCharacters]
  if (options.vocabSize < tokens.length) {
    const parts = `${special.length} special tokens and 256 bytes`
    throw new TemperError('invalid_input', `vocabSize is ${options.vocabSize}, but ${parts} need ${tokens.length}`)
  }
  const words = [...countWords(texts)].map(([word, count]) => ({
    ids: Array.from(utf8Bytes(word), (byte) => special.length + byte),
    count,
  }))
  const merges = learnMerges(words, tokens, options.vocabSize)
  return tokenizerFiles(special, tokens, merges)
}

function countWords(texts: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>()
  for (const text of texts) {
    for (const word of text.match(wordPattern) ?? []) counts.set(word, (counts.get(word) ?? 0) + 1)
  }
  return counts
}

/** `tokenizer.json` and `tokenizer_config.json` as the Hugging Face libraries read them. */
function tokenizerFiles(
  special: readonly string[],
  tokens: readonly string[],
  merges: readonly [string, string][],
): TokenizerFiles {
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true }
  return {
    tokenizer: {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: special.map(addedToken),
      normalizer: null,
      pre_tokenizer: byteLevel,
      post_processor: null,
      decoder: byteLevel,
      model: { ...bpeDefaults, vocab: Object.fromEntries(tokens.map((token, id) => [token, id])), merges },
    },
    config: {
      tokenizer_class: 'PreTrainedTokenizerFast',
      ...(special.includes(specialTokens.pad) && { pad_token: specialTokens.pad }),
      ...(special.includes(specialTokens.end) && { eos_token: specialTokens.end, chat_template: chatTemplate }),
      clean_up_tokenization_spaces: false,
      model_max_length: 1e30,
    },
  }
}

const bpeDefaults = {
  type: 'BPE',
  dropout: null,
  unk_token: null,
  continuing_subword_prefix: null,
  end_of_word_suffix: null,
  fuse_unk: false,
  byte_fallback: false,
  ignore_merges: false,
}

function addedToken(content: string, id: number) {
  return { id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true }
}
