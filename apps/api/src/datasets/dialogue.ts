import type { Message } from '@temper/db/contracts'

/**
 * Messages of a dialogue written as one text, `\n\nHuman: … \n\nAssistant: …` (the layout of the HH-RLHF files). Turns of
 * one speaker in a row are one message with a blank line between. Undefined where the text does not begin with a turn.
 */
export function parseDialogue(text: string): Message[] | undefined {
  const [before, ...parts] = text.split(/\n\n(Human|Assistant):/)
  if (before?.trim() !== '' || parts.length === 0) return undefined
  const messages: Message[] = []
  for (let i = 0; i < parts.length; i += 2) {
    const role = parts[i] === 'Human' ? 'user' : 'assistant'
    const content = (parts[i + 1] ?? '').replace(/^ /, '')
    const last = messages.at(-1)
    if (last?.role === role) last.content += `\n\n${content}`
    else messages.push({ role, content })
  }
  return messages
}
