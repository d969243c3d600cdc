import { TextDecoder } from 'node:util'
import { wordPattern } from './byte-level.ts'

/** What the library keeps of a pre-tokenizer or decoder; its own types do not resolve. */
interface Part {
  config?: { type: string; individual_digits?: boolean }
  pattern?: RegExp
  text_decoder?: TextDecoder
  /** Of a sequence. */
  tokenizers?: (Part | null)[]
  decoders?: (Part | null)[]
}

/**
 * Makes a tokenizer of the JavaScript library agree with the Rust library, whose ids models are trained on: JavaScript's
 * `\s` is not Unicode's white space, its `\d` not Unicode's numbers, and its `TextDecoder` drops a byte order mark.
 */
export function mendLibrary(library: { pre_tokenizer: Part | null; decoder: Part | null }): void {
  for (const part of partsOf(library.pre_tokenizer)) {
    const { type, individual_digits } = part.config ?? {}
    if (type === 'ByteLevel') part.pattern = wordPattern
    if (type === 'Digits') part.pattern = individual_digits ? /\P{N}+|\p{N}/gu : /\P{N}+|\p{N}+/gu
  }
  for (const part of partsOf(library.decoder)) {
    if (part.config?.type === 'ByteFallback') part.text_decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  }
}

function partsOf(part: Part | null): Part[] {
  if (part === null) return []
  const inner = part.tokenizers ?? part.decoders
  return inner === undefined ? [part] : inner.flatMap(partsOf)
}
