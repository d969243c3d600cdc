import type { StreamDecoder, Tokenizer } from './tokenizer.ts'

/** A character has at most four bytes, so an unfinished one began at most three tokens ago. */
const windowLength = 4

/** More than the window: tokens without text do not fill it. */
const tokensBefore = 32

/** Text of what follows a prompt, with the space that a decoder would take from the beginning of a text. */
export function decoderAfter(tokenizer: Tokenizer, prompt: readonly number[]): StreamDecoder {
  const decoder = tokenizer.streamDecoder({ skipSpecialTokens: true })
  for (const id of prompt.slice(-tokensBefore)) decoder.push(id)
  return decoder
}

/**
 * Text of ids that arrive one by one. Each is decoded behind the last few: a token may end inside a character, which
 * decodes to U+FFFD until its other bytes arrive, and some decoders strip the first space of a text.
 */
export function createStreamDecoder(decode: (ids: readonly number[]) => string): StreamDecoder {
  let ids: number[] = []
  return {
    push(id) {
      const before = decode(ids)
      const after = decode([...ids, id])
      const hasText = after !== before || before === '' || decode([id]) !== ''
      if (hasText) ids = [...ids, id].slice(-windowLength)
      return after.slice(certainLength(before), certainLength(after))
    },
    end() {
      const text = decode(ids)
      return text.slice(certainLength(text))
    },
  }
}

/** What precedes a U+FFFD at the end, which may become another character. */
function certainLength(text: string): number {
  return text.endsWith('\uFFFD') ? text.length - 1 : text.length
}
