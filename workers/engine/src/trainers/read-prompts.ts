import { type JobOf, promptSourceRowSchema, TemperError } from '@temper/db/contracts'
import { readRows } from '../data/index.ts'
import { type Prompt, promptOf } from '../tokenizer/index.ts'
import type { Start } from './start.ts'

/** Prompts of a job that samples completions; they are cut at the left to leave room for one. */
export async function readPrompts(
  { type, prompts, settings }: JobOf<'ppo' | 'grpo' | 'rloo'>,
  { tokenizer, model }: Start,
): Promise<Prompt[]> {
  const room = model.contextLength - settings.sampling.maxTokens
  const rows = await readRows(prompts, promptSourceRowSchema)
  if (room < 1 || rows.length === 0) {
    const message = `${type} needs prompts and room for them: ${rows.length} prompts, ${room} tokens of the context beside maxTokens`
    throw new TemperError('invalid_input', message, { details: { prompts: rows.length, room } })
  }
  const longest = Math.min(room, settings.maxPromptLength ?? room)
  return rows.map(({ messages }) => promptOf(tokenizer, messages, longest))
}
