import type { TokenizerFiles } from './tokenizer-files.ts'
import { trainBpe } from './train-tokenizer.ts'

const texts = ["it's the theme, it's the end", '        ', 'あいう あいう', '½½ ½½']

/** GPT-2's layout: words, then bytes. */
export const byteLevel = (): TokenizerFiles => trainBpe(texts, { vocabSize: 300 })

/** The same tokens, the text taken apart by these pre-tokenizers. */
export const splitBy = (...pretokenizers: object[]): TokenizerFiles => {
  const { tokenizer, config } = byteLevel()
  return { tokenizer: { ...tokenizer, pre_tokenizer: { type: 'Sequence', pretokenizers } }, config }
}

/** Llama 3's and Qwen's layout: a pattern of its own. */
export const ownPattern = (): TokenizerFiles =>
  splitBy(
    {
      type: 'Split',
      pattern: { Regex: '[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\s+(?!\\S)|\\s+|.' },
      behavior: 'Isolated',
      invert: false,
    },
    { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
  )

/** Llama 2's layout: the whole text is one word, a space is `▁`, characters without a token are bytes. */
export function byteFallback(): TokenizerFiles {
  const bytes = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`)
  const tokens = ['<unk>', '<s>', '</s>', ...bytes, '▁', 'a', 't', 'h', 'e', 'th', 'the', '▁▁', '▁the']
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true }
  const { tokenizer, config } = byteLevel()
  return {
    tokenizer: {
      ...tokenizer,
      added_tokens: ['<unk>', '<s>', '</s>'].map((content, id) => ({ id, content, ...flags })),
      normalizer: {
        type: 'Sequence',
        normalizers: [
          { type: 'Prepend', prepend: '▁' },
          { type: 'Replace', pattern: { String: ' ' }, content: '▁' },
        ],
      },
      pre_tokenizer: null,
      decoder: {
        type: 'Sequence',
        decoders: [
          { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
          { type: 'ByteFallback' },
          { type: 'Fuse' },
          { type: 'Strip', content: ' ', start: 1, stop: 0 },
        ],
      },
      model: {
        ...(tokenizer.model as object),
        unk_token: '<unk>',
        fuse_unk: true,
        byte_fallback: true,
        vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
        merges: [
          ['t', 'h'],
          ['th', 'e'],
          ['▁', '▁'],
          ['▁', 'the'],
        ],
      },
    },
    config: { ...config, pad_token: undefined, eos_token: '</s>' },
  }
}
