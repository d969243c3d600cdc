import type { Episode } from '../forward/index.ts'
import type { Prompt } from '../tokenizer/index.ts'

/** Rows of the data, from 1, that episodes' prompts come from. */
export function promptRows(prompts: readonly Prompt[], episodes: readonly Episode[]): number[] {
  return episodes.map(({ prompt }) => prompts.findIndex(({ ids }) => ids === prompt) + 1)
}
