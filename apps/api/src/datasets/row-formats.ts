import { z } from '@hono/zod-openapi'
import {
  type ConversationRow,
  conversationRowSchema,
  type DatasetKind,
  type Message,
  messageSchema,
  type PreferenceRow,
  type PromptRow,
  preferenceRowSchema,
  promptRowSchema,
  type TextRow,
  textRowSchema,
} from '@temper/db/contracts'
import { parseDialogue } from './dialogue.ts'

export type DatasetRow = TextRow | ConversationRow | PromptRow | PreferenceRow

/** A layout of JSONL rows that Temper imports: its keys tell it apart; `schema` checks a row and makes it canonical. */
export interface RowFormat {
  keys: readonly string[]
  kind: DatasetKind
  schema: z.ZodType<DatasetRow>
}

const plainOrMessages = z
  .union([z.string().min(1), z.array(messageSchema).min(1)], 'expected text or a list of messages')
  .transform((value): Message[] => (typeof value === 'string' ? [{ role: 'user', content: value }] : value))
const prompt = plainOrMessages.superRefine((messages, context) => checkTurns(messages, 'user', context))
const answer = z
  .union([z.string(), z.tuple([messageSchema.extend({ role: z.literal('assistant') })])], 'expected text or one answer')
  .transform((value) => (typeof value === 'string' ? value : value[0].content))
const dialogue = z.string().transform((text, context): Message[] => {
  const messages = parseDialogue(text)
  if (messages === undefined) context.addIssue('does not begin with "\\n\\nHuman:"')
  else checkTurns(messages, 'assistant', context)
  return messages ?? z.NEVER
})
const judged = {
  tie: z.boolean().optional(),
  bothBad: z.boolean().optional(),
  strength: z.number().int().min(1).max(3).optional(),
}

const messagesEndingWith = <K extends DatasetKind>(
  kind: K,
  role: 'user' | 'assistant',
  schema: z.ZodType<DatasetRow, { messages: Message[] }>,
) => ({
  keys: ['messages'],
  kind,
  schema: z
    .strictObject({
      messages: z.array(messageSchema).superRefine((turns, context) => checkTurns(turns, role, context)),
    })
    .pipe(schema),
})

/** From the most to the least specific set of keys. */
export const rowFormats: readonly RowFormat[] = [
  {
    keys: ['prompt', 'chosen', 'rejected'],
    kind: 'preferences',
    schema: z.strictObject({ prompt, chosen: answer, rejected: answer, ...judged }).transform(preference),
  },
  {
    keys: ['chosen', 'rejected'],
    kind: 'preferences',
    schema: z.strictObject({ chosen: dialogue, rejected: dialogue, ...judged }).transform(fromDialogues),
  },
  {
    keys: ['prompt', 'completion'],
    kind: 'conversations',
    schema: z
      .strictObject({ prompt, completion: answer })
      .transform(({ prompt, completion }) => ({ messages: [...prompt, { role: 'assistant', content: completion }] }))
      .pipe(conversationRowSchema),
  },
  {
    keys: ['prompt'],
    kind: 'prompts',
    schema: z.strictObject({ prompt }).transform(({ prompt }) => ({ messages: prompt })),
  },
  messagesEndingWith('conversations', 'assistant', conversationRowSchema),
  messagesEndingWith('prompts', 'user', promptRowSchema),
  { keys: ['text'], kind: 'text', schema: textRowSchema },
]

/** A pair of equal answers cannot prefer one of them: it is a tie. So is one whose answers are both bad. */
function preference(row: z.input<typeof preferenceRowSchema>): PreferenceRow {
  const tie = row.tie === true || row.bothBad === true || row.chosen === row.rejected
  return preferenceRowSchema.parse({ ...row, tie })
}

/** Both dialogues are one conversation up to their last answer. */
function fromDialogues(
  row: { chosen: Message[]; rejected: Message[]; tie?: boolean; bothBad?: boolean; strength?: number },
  context: z.RefinementCtx,
): PreferenceRow {
  const [prompt, other] = [row.chosen.slice(0, -1), row.rejected.slice(0, -1)]
  const length = Math.max(prompt.length, other.length)
  const sameAt = (i: number) => prompt[i]?.role === other[i]?.role && prompt[i]?.content === other[i]?.content
  const difference = Array.from({ length }, (_, i) => i).find((i) => !sameAt(i))
  if (difference !== undefined) {
    context.addIssue(`chosen and rejected answer different prompts: they part at message ${difference + 1}`)
    return z.NEVER
  }
  const [chosen, rejected] = [row.chosen.at(-1)?.content ?? '', row.rejected.at(-1)?.content ?? '']
  return preference({ ...row, prompt, chosen, rejected })
}

/** A system message may come first; then user and assistant take turns, and `last` has the last word. */
function checkTurns(messages: readonly Message[], last: 'user' | 'assistant', context: z.RefinementCtx): void {
  const turns = messages[0]?.role === 'system' ? messages.slice(1) : messages
  const wrong = turns.findIndex(({ role }, i) => role !== (i % 2 === 0 ? 'user' : 'assistant'))
  if (wrong >= 0) {
    const expected = wrong % 2 === 0 ? 'user' : 'assistant'
    const place = wrong + 1 + messages.length - turns.length
    context.addIssue(`message ${place} is of the ${turns[wrong]?.role}, expected ${expected}`)
  } else if (turns.at(-1)?.role !== last) {
    context.addIssue(`ends with ${turns.at(-1)?.role ?? 'no message'}, expected ${last}`)
  }
}
