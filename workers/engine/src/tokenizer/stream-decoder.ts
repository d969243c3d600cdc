import type { StreamDecoder } from './tokenizer.ts'

/**
 * Decodes a growing list of ids. A token may end inside a character, which decodes to U+FFFD until its other bytes
 * arrive; and some decoders strip the first space of a text. So ids are decoded in a window that starts with the last
 * tokens already handed out, and U+FFFD at its end is held back.
 */
export function createStreamDecoder(decode: (ids: readonly number[]) => string): StreamDecoder {
  let ids: number[] = []
  /** How many of `ids`, and how much of their text, is already handed out. */
  let settled = 0
  let emitted = 0
  return {
    push(id) {
      ids.push(id)
      const text = decode(ids)
      const certain = text.replace(/\uFFFD+$/, '')
      const added = certain.slice(emitted)
      emitted = Math.max(emitted, certain.length)
      if (certain.length === text.length) {
        ids = ids.slice(settled)
        settled = ids.length
        emitted = decode(ids).length
      }
      return added
    },
    end: () => decode(ids).slice(emitted),
  }
}
