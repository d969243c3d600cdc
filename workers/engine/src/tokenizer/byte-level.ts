/** How byte-level tokenizers write bytes as printable characters, and split text into words (GPT-2's scheme). */

/** A word with its leading space, a number, punctuation, or white space; merges never cross these. */
export const wordPattern = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu

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
