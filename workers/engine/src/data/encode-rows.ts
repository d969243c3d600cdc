import type { Message, PreferenceRow } from '@temper/db/contracts'
import { encodeCompletion, encodeConversation, openPrompt, type Sequence, type Tokenizer } from '../tokenizer/index.ts'

/**
 * A text and its end token, all of it trained, in pieces of at most `maxLength` tokens. A piece begins with the last
 * token of the one before, so that every token is predicted once.
 */
export function textSequences(tokenizer: Tokenizer, text: string, maxLength: number): Sequence[] {
  const ids = [...tokenizer.encode(text), tokenizer.eosId]
  const pieces: Sequence[] = []
  for (let start = 0; start === 0 || start < ids.length - 1; start += maxLength - 1) {
    const piece = ids.slice(start, start + maxLength)
    pieces.push({ ids: piece, lossMask: piece.map((_, i) => i > 0) })
  }
  return pieces
}

/** A conversation with the loss on the assistant's messages, of at most `maxLength` tokens; see `truncate`. */
export function conversationSequence(tokenizer: Tokenizer, messages: readonly Message[], maxLength: number): Sequence {
  return truncate(encodeConversation(tokenizer, messages), maxLength)
}

/** Both answers after the prompt, with the loss on the answer and its end token, each of at most `maxLength` tokens. */
export function preferenceSequences(
  tokenizer: Tokenizer,
  row: Pick<PreferenceRow, 'prompt' | 'chosen' | 'rejected'>,
  maxLength: number,
): { chosen: Sequence; rejected: Sequence } {
  const prompt = openPrompt(tokenizer, row.prompt)
  const side = (answer: string) => truncate(encodeCompletion(tokenizer, prompt, answer), maxLength)
  return { chosen: side(row.chosen), rejected: side(row.rejected) }
}

/**
 * Cuts a sequence to `maxLength` tokens: at the left, as far as the last trained run (the completion) and one token
 * before it stay; what is still too long is cut at the right, and then has no end token.
 */
export function truncate(sequence: Sequence, maxLength: number): Sequence {
  const { ids, lossMask } = sequence
  if (ids.length <= maxLength) return sequence
  const lastTrained = lossMask.lastIndexOf(true)
  const runStart = lossMask.lastIndexOf(false, lastTrained) + 1
  const start = Math.max(0, Math.min(ids.length - maxLength, runStart - 1))
  return { ids: ids.slice(start, start + maxLength), lossMask: lossMask.slice(start, start + maxLength) }
}
