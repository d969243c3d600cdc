import type { Message } from '@temper/db/contracts'

/** A prompt as the policy reads it, and as people and reward functions do. */
export interface Prompt {
  ids: readonly number[]
  text: string
}

/** What was written, without roles and the template's own words; several messages with a blank line between. */
export function promptText(messages: readonly Message[]): string {
  return messages.map(({ content }) => content.trim()).join('\n\n')
}
