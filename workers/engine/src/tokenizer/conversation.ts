import { type Message, TemperError } from '@temper/db/contracts'
import type { Tokenizer } from './tokenizer.ts'

/** Token ids with, for each, whether it is trained as a target. The first never is: nothing predicts it. */
export interface Sequence {
  ids: number[]
  lossMask: boolean[]
  /** The token after the last one, trained too without being read itself: a row cut from a longer text. */
  next?: number
  /** Rows of the data that it comes from, from 1; unknown unless set. */
  dataRows?: readonly number[]
}

/** Ids of a text, and the text: what follows is encoded as a continuation of both. */
interface Encoded {
  text: string
  ids: number[]
}

/**
 * A conversation as the chat template writes it, with the loss on every assistant message and its end token. Role
 * markers, generation prompts and what the template writes after the end token are not trained. The template brings its
 * own beginning-of-text token, so none is added.
 *
 * @throws unsupported where the template is not prefix-preserving: it writes earlier messages differently once later
 *   ones follow, so the prompt seen in training would differ from the one seen in generation
 */
export function encodeConversation(tokenizer: Tokenizer, messages: readonly Message[]): Sequence {
  let encoded: Encoded = { text: '', ids: [] }
  const lossMask: boolean[] = []
  for (const [index, message] of messages.entries()) {
    if (message.role !== 'assistant') continue
    const prompt = extend(tokenizer, encoded, render(tokenizer, messages.slice(0, index), true))
    const turn = extend(tokenizer, prompt, render(tokenizer, messages.slice(0, index + 1), false))
    const endsAt = turn.ids.lastIndexOf(tokenizer.endOfTurnId)
    const lastTrained = endsAt >= prompt.ids.length ? endsAt : turn.ids.length - 1
    for (let i = lossMask.length; i < turn.ids.length; i++) lossMask.push(i >= prompt.ids.length && i <= lastTrained)
    encoded = turn
  }
  const whole = extend(tokenizer, encoded, render(tokenizer, messages, false))
  while (lossMask.length < whole.ids.length) lossMask.push(false)
  return { ids: whole.ids, lossMask }
}

/** The prompt as generation sees it: all messages, then the assistant's marker; its end where it exceeds `maxLength`. */
export function encodePrompt(tokenizer: Tokenizer, messages: readonly Message[], maxLength = Infinity): number[] {
  const { ids } = openPrompt(tokenizer, messages)
  return ids.slice(Math.max(0, ids.length - maxLength))
}

function openPrompt(tokenizer: Tokenizer, messages: readonly Message[]): Encoded {
  return extend(tokenizer, { text: '', ids: [] }, render(tokenizer, messages, true))
}

/** A prompt with the loss on one completion of it, and on its end token unless it was cut (`ended` false). */
export function encodeCompletion(
  tokenizer: Tokenizer,
  messages: readonly Message[],
  completion: string,
  { ended = true }: { ended?: boolean } = {},
): Sequence {
  const prompt = openPrompt(tokenizer, messages)
  const written = render(tokenizer, [...messages, { role: 'assistant', content: completion }], false)
  const turn = extend(tokenizer, prompt, answeredText(prompt.text, written, { completion, ended }))
  const endsAt = turn.ids.lastIndexOf(tokenizer.endOfTurnId)
  const ids = endsAt >= prompt.ids.length ? turn.ids.slice(0, endsAt) : turn.ids
  const all = ended ? [...ids, tokenizer.endOfTurnId] : ids
  return { ids: all, lossMask: all.map((_, i) => i >= prompt.ids.length) }
}

/**
 * A prompt and its answer as the template writes them, a cut one without what comes after it. Templates of models that
 * think write a message otherwise than it was sampled: they open the thought in the prompt, or add an empty one to an
 * answer that was cut within its own. There the answer follows the prompt, as it did in generation.
 */
function answeredText(prompt: string, written: string, answer: { completion: string; ended: boolean }): string {
  const { completion, ended } = answer
  if (!written.startsWith(prompt)) return prompt + completion
  if (ended) return written
  const at = written.indexOf(completion, prompt.length)
  const isOnlySpaced = at >= 0 && written.slice(prompt.length, at).trim() === ''
  return isOnlySpaced ? written.slice(0, at + completion.length) : prompt + completion
}

function render(tokenizer: Tokenizer, messages: readonly Message[], addGenerationPrompt: boolean): string {
  return tokenizer.renderChat(messages, { addGenerationPrompt })
}

/**
 * Ids of a text that begins with an encoded one, whose ids stay as they are. Where a token of the whole text would span
 * the border, the rest is encoded alone: generation, too, continues from the ids of the prompt.
 */
function extend(tokenizer: Tokenizer, encoded: Encoded, text: string): Encoded {
  if (!text.startsWith(encoded.text)) throw notPrefixPreserving(encoded.text, text)
  if (text === encoded.text) return encoded
  const whole = tokenizer.encode(text, { addSpecialTokens: false })
  if (encoded.ids.every((id, i) => whole[i] === id)) return { text, ids: whole }
  const rest = tokenizer.encode(text.slice(encoded.text.length), { addSpecialTokens: false })
  return { text, ids: [...encoded.ids, ...rest] }
}

function notPrefixPreserving(prefix: string, text: string): TemperError {
  let at = 0
  while (prefix[at] === text[at]) at++
  const shorter = JSON.stringify(prefix.slice(at, at + 40))
  const longer = JSON.stringify(text.slice(at, at + 40))
  const difference = `at character ${at} it wrote ${shorter} at first and ${longer} once more messages followed`
  return new TemperError('unsupported', `the chat template is not prefix-preserving: ${difference}`, {
    details: { character: at, shorter, longer },
  })
}
