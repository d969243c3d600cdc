import type { Message, PreferenceRow } from '@temper/db/contracts'
import { encodeCompletion, encodeConversation, type Sequence, type Tokenizer } from '../tokenizer/index.ts'

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

/** Which tokens of a conversation are trained: of assistant messages, of the last one, or all. */
export type LossOn = 'assistant' | 'completion' | 'all'

/** A conversation of at most `maxLength` tokens (see `truncate`), with the loss where `lossOn` says. */
export function conversationSequence(
  tokenizer: Tokenizer,
  messages: readonly Message[],
  maxLength: number,
  lossOn: LossOn = 'assistant',
): Sequence {
  const { ids, lossMask } = truncate(encodeConversation(tokenizer, messages), maxLength)
  switch (lossOn) {
    case 'assistant':
      return { ids, lossMask }
    case 'completion': {
      const start = lastRun(lossMask)
      return { ids, lossMask: lossMask.map((trained, i) => trained && i >= start) }
    }
    case 'all':
      return { ids, lossMask: ids.map((_, i) => i > 0) }
  }
}

/** An answer to a prompt. */
export interface Answer {
  prompt: readonly Message[]
  text: string
  /** False where the length limit cut it. */
  ended: boolean
}

/** An answer after its prompt, with the loss on it and, where it ended, its end token; of at most `maxLength` tokens. */
export function answerSequence(tokenizer: Tokenizer, { prompt, text, ended }: Answer, maxLength: number): Sequence {
  return truncate(encodeCompletion(tokenizer, prompt, text, { ended }), maxLength)
}

type JudgedAnswers = Pick<PreferenceRow, 'prompt' | 'chosen' | 'rejected' | 'chosenEnded' | 'rejectedEnded'>

/** Both answers of a pair as `answerSequence` writes each. */
export function preferenceSequences(
  tokenizer: Tokenizer,
  { prompt, ...row }: JudgedAnswers,
  maxLength: number,
): { chosen: Sequence; rejected: Sequence } {
  const chosen = encodeCompletion(tokenizer, prompt, row.chosen, { ended: row.chosenEnded })
  const rejected = encodeCompletion(tokenizer, prompt, row.rejected, { ended: row.rejectedEnded })
  // Both answers follow the same prompt, so that it is computed once.
  const cut = Math.max(cutOf(chosen, maxLength), cutOf(rejected, maxLength))
  return { chosen: truncate(chosen, maxLength, cut), rejected: truncate(rejected, maxLength, cut) }
}

/**
 * Cuts a sequence to `maxLength` tokens: at the left, as far as the last trained run (the completion) and one token
 * before it stay; what is still too long is cut at the right, and then has no end token.
 * @param cut - tokens to take from the left
 */
export function truncate(sequence: Sequence, maxLength: number, cut = cutOf(sequence, maxLength)): Sequence {
  const { ids, lossMask } = sequence
  if (cut === 0 && ids.length <= maxLength) return sequence
  return { ...sequence, ids: ids.slice(cut, cut + maxLength), lossMask: lossMask.slice(cut, cut + maxLength) }
}

function cutOf({ ids, lossMask }: Sequence, maxLength: number): number {
  return Math.max(0, Math.min(ids.length - maxLength, lastRun(lossMask) - 1))
}

/** Where the last trained run, the completion, begins. */
function lastRun(lossMask: readonly boolean[]): number {
  return lossMask.lastIndexOf(false, lossMask.lastIndexOf(true)) + 1
}
