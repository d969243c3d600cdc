import type { Completion, PromptRow, Sampling } from '@temper/db/contracts'
import { type Generated, Generator } from '../generation/index.ts'
import { answerReader, encodePrompt } from '../tokenizer/index.ts'
import type { Program } from '../tracing/index.ts'
import type { JobContext, Start } from '../trainers/index.ts'

/** Sequences decoded together. */
const slots = 64

export interface PromptCompletion extends Generated {
  promptIds: number[]
  /** Without its stop token and white space behind it: as an assistant's message has it (`answerReader`). */
  text: string
}

export interface CompletionOptions {
  sampling: Sampling
  seed: number
  /** What the progress is reported as. */
  phase: string
}

/** A completion of each prompt by the weights of a role, with progress after each wave of slots. */
export async function completePrompts(
  policy: Pick<Start, 'model' | 'tokenizer'> & { program: Program; role: string },
  prompts: readonly PromptRow[],
  { sampling, seed, phase }: CompletionOptions,
  context: JobContext,
): Promise<PromptCompletion[]> {
  const { program, model, tokenizer, role } = policy
  const generator = new Generator(program, model, role, Math.min(slots, prompts.length))
  const room = model.contextLength - sampling.maxTokens
  const read = answerReader(tokenizer)
  const encoded = prompts.map(({ messages }) => encodePrompt(tokenizer, messages, room))
  const completions: PromptCompletion[] = []
  for (let firstIndex = 0; firstIndex < encoded.length; firstIndex += slots) {
    const wave = encoded.slice(firstIndex, firstIndex + slots)
    const stopIds = tokenizer.stopIds
    const generated = await generator.generate({ prompts: wave, sampling, stopIds, seed, firstIndex })
    for (const [index, completion] of generated.entries()) {
      const shown = completion.stopped ? completion.ids.slice(0, -1) : completion.ids
      const promptIds = wave[index] ?? []
      completions.push({ ...completion, promptIds, text: read(promptIds, shown) })
    }
    context.emit({ type: 'progress', step: completions.length, totalSteps: encoded.length, phase })
  }
  return completions
}

export function toRow({ text, ids, stopped }: PromptCompletion): Completion {
  return { text, tokens: ids.length, endedProperly: stopped }
}
