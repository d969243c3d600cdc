import { refuseGguf } from '../refuse-gguf.ts'
import type { TokenizerMetadata } from './tokenizer-metadata.ts'

/** The parts of a tokenizer.json in which kinds of tokenizers differ. */
export interface TokenizerParts {
  normalizer: unknown
  preTokenizer: unknown
  decoder: unknown
  model: Record<string, unknown>
  /** Whether texts begin with the bos token where the file does not say. */
  addsBos: boolean
}

interface Split {
  /** Splits that come before byte-level encoding; GPT-2's own where empty. */
  pattern?: string
  /** GPT-2's split after it. */
  gpt2: boolean
  nfc?: boolean
  /** A word that is a token is that token, whatever its merges. */
  ignoreMerges?: boolean
  addsBos?: boolean
}

const gpt2: Split = { gpt2: true }
/** Digits one by one, then GPT-2's split. */
const digits: Split = { pattern: '\\p{N}', gpt2: true }
const cased = (digitRun: string) =>
  `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${digitRun}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`
const llama3: Split = { pattern: cased('\\p{N}{1,3}'), gpt2: false, ignoreMerges: true, addsBos: true }
const qwen2: Split = { pattern: cased('\\p{N}'), gpt2: false, nfc: true }

/** How text is split, by the names that llama.cpp gives to splits. */
const splits = new Map<string, Split>([
  ['gpt-2', gpt2],
  ['phi-2', gpt2],
  ['olmo', gpt2],
  ['smollm', digits],
  ['starcoder', digits],
  ['refact', digits],
  ['command-r', digits],
  ['codeshell', digits],
  ['llama-bpe', llama3],
  ['llama3', llama3],
  ['llama-v3', llama3],
  ['qwen2', qwen2],
  ['deepseek-r1-qwen', qwen2],
])

/** Byte-level BPE, `tokenizer.ggml.model` gpt2. @throws TemperError unsupported for a split that it does not know */
export function byteLevelParts(metadata: TokenizerMetadata): TokenizerParts {
  const { path, pre, vocab } = metadata
  const rule = `tokenizer.ggml.pre must be one of ${[...splits.keys()].join(', ')}, it is ${JSON.stringify(pre)}`
  const split = splits.get(pre ?? '') ?? refuseGguf(path, rule, 'unsupported')
  const bytes = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: split.gpt2 }
  const { pattern } = split
  const before = { type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false }
  return {
    normalizer: split.nfc ? { type: 'NFC' } : null,
    preTokenizer: pattern === undefined ? bytes : { type: 'Sequence', pretokenizers: [before, bytes] },
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      unk_token: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: split.ignoreMerges ?? false,
      vocab: Object.fromEntries(vocab),
      merges: readMerges(metadata),
    },
    addsBos: split.addsBos ?? false,
  }
}

function readMerges({ path, merges, vocab }: TokenizerMetadata): string[][] {
  if (!merges) return refuseGguf(path, 'has no tokenizer.ggml.merges')
  return merges.map((merge) => {
    const pair = merge.split(' ')
    const known = pair.length === 2 && [...pair, pair.join('')].every((token) => vocab.has(token))
    return known ? pair : refuseGguf(path, `merge ${JSON.stringify(merge)} must join two tokens to a third`)
  })
}
