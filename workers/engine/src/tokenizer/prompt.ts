import type { Message } from '@temper/db/contracts'
import { encodePrompt } from './conversation.ts'
import type { Tokenizer } from './tokenizer.ts'

/** A prompt as the policy reads it, and as people and reward functions do. */
export interface Prompt {
  ids: readonly number[]
  /** What was written, without roles and the template's own words; several messages with a blank line between. */
  text: string
}

/** @param maxLength - tokens that are read, of the end; the text is whole */
export function promptOf(tokenizer: Tokenizer, messages: readonly Message[], maxLength?: number): Prompt {
  const text = messages.map(({ content }) => content.trim()).join('\n\n')
  return { ids: encodePrompt(tokenizer, messages, maxLength), text }
}
