import { refuseGguf } from '../refuse-gguf.ts'
import type { TokenizerParts } from './byte-level-parts.ts'
import { type TokenizerMetadata, tokenTypes } from './tokenizer-metadata.ts'

/** What SentencePiece writes for a space. */
const space = '▁'

/** SentencePiece's BPE with byte fallback, `tokenizer.ggml.model` llama: as Llama 2 and the first Mistral have it. */
export function sentencepieceParts(metadata: TokenizerMetadata): TokenizerParts {
  const replace = { type: 'Replace', pattern: { String: ' ' }, content: space }
  const prepend = metadata.addSpacePrefix ? [{ type: 'Prepend', prepend: space }] : []
  const strip = metadata.addSpacePrefix ? [{ type: 'Strip', content: ' ', start: 1, stop: 0 }] : []
  const unknown = metadata.unknown?.token ?? metadata.tokens[metadata.types.indexOf(tokenTypes.unknown)] ?? null
  return {
    normalizer: { type: 'Sequence', normalizers: [...prepend, replace] },
    preTokenizer: null,
    decoder: {
      type: 'Sequence',
      decoders: [
        { type: 'Replace', pattern: { String: space }, content: ' ' },
        { type: 'ByteFallback' },
        { type: 'Fuse' },
        ...strip,
      ],
    },
    model: {
      unk_token: unknown,
      fuse_unk: true,
      byte_fallback: true,
      ignore_merges: false,
      vocab: Object.fromEntries(metadata.vocab),
      merges: mergesByScore(metadata),
    },
    addsBos: true,
  }
}

/** Every way to join two tokens to a third, best score of the third first, as transformers converts such files. */
function mergesByScore({ path, scores, tokens, types, vocab }: TokenizerMetadata): string[][] {
  if (scores?.length !== tokens.length) return refuseGguf(path, 'tokenizer.ggml.scores must have one value a token')
  const isNormal = (token: string) => types[vocab.get(token) ?? -1] === tokenTypes.normal
  const merges = tokens.filter(isNormal).flatMap((token) => {
    const characters = [...token]
    const pairs = characters.slice(1).map((_, i): [string, string] => {
      return [characters.slice(0, i + 1).join(''), characters.slice(i + 1).join('')]
    })
    const idsOf = ([a, b]: [string, string]) => [vocab.get(a) ?? 0, vocab.get(b) ?? 0] as const
    return pairs
      .filter((pair) => pair.every(isNormal))
      .map((pair) => ({ pair, ids: idsOf(pair), score: scores[vocab.get(token) ?? 0] ?? 0 }))
      .sort((a, b) => a.ids[0] - b.ids[0] || a.ids[1] - b.ids[1])
  })
  return merges.sort((a, b) => b.score - a.score).map(({ pair }) => pair)
}
