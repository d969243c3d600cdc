/** How byte-level tokenizers write bytes as printable characters, and split text into words (GPT-2's scheme). */

/**
 * A word with its leading space, a number, punctuation, or white space; merges never cross these. White space is
 * Unicode's: JavaScript's `\s` has U+FEFF and lacks U+0085.
 */
export const wordPattern =
  /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu

/** The character of each byte, by byte: printable Latin-1 stands for itself, the rest follow from U+0100. */
export const byteCharacters: readonly string[] = (() => {
  let next = 256
  const printable = (byte: number) => (byte > 32 && byte < 127) || (byte > 160 && byte !== 173)
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(printable(byte) ? byte : next++))
})()

/** Bytes as UTF-8; a lone surrogate, which no UTF-8 can hold, becomes U+FFFD. */
export function utf8Bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
