import { z } from 'zod'

/** One line of a dataset file (JSONL), by dataset kind. The engine reads exactly these. */

export const messageSchema = z.strictObject({
  role: z.enum(['system', 'user', 'assistant']),
  content: z.string().max(1_000_000),
})
export type Message = z.infer<typeof messageSchema>

export const textRowSchema = z.strictObject({ text: z.string().min(1) })
export type TextRow = z.infer<typeof textRowSchema>

/** Ends with an assistant message. */
export const conversationRowSchema = z.strictObject({ messages: z.array(messageSchema).min(2) })
export type ConversationRow = z.infer<typeof conversationRowSchema>

/** Ends with a user message. */
export const promptRowSchema = z.strictObject({ messages: z.array(messageSchema).min(1) })
export type PromptRow = z.infer<typeof promptRowSchema>

/** A judged pair. For a tie, `chosen` and `rejected` are the two answers in the order shown. */
export const preferenceRowSchema = z.strictObject({
  prompt: z.array(messageSchema).min(1),
  chosen: z.string(),
  rejected: z.string(),
  tie: z.boolean().default(false),
  /** Of a tie: neither answer is any good. */
  bothBad: z.boolean().default(false),
  strength: z.number().int().min(1).max(3).default(1),
  /** False of an answer that the length limit cut: it has no end that could be learnt. */
  chosenEnded: z.boolean().default(true),
  rejectedEnded: z.boolean().default(true),
})
export type PreferenceRow = z.infer<typeof preferenceRowSchema>

/** Where prompts are asked for: rows of prompts, or of preferences, whose prompts they then are. */
export const promptSourceRowSchema = z.union([
  promptRowSchema,
  preferenceRowSchema.transform(({ prompt }): PromptRow => ({ messages: prompt })),
])

/** What the `sample` job writes, a line a prompt. */
export const completionSchema = z.strictObject({
  text: z.string(),
  tokens: z.number().int().min(0),
  /** False where the length limit cut it. */
  endedProperly: z.boolean(),
})
export type Completion = z.infer<typeof completionSchema>
export const sampleRowSchema = z.strictObject({
  prompt: z.array(messageSchema),
  completions: z.array(completionSchema),
})
export type SampleRow = z.infer<typeof sampleRowSchema>

/** What the `evaluate` job writes, a line a prompt; `score` is the learned reward, `kl` the summed log-ratio to the baseline. */
export const evaluationRowSchema = z.strictObject({
  prompt: z.array(messageSchema),
  completions: z.record(
    z.string(),
    completionSchema.extend({ score: z.number().nullable(), kl: z.number().nullable() }),
  ),
})
export type EvaluationRow = z.infer<typeof evaluationRowSchema>
