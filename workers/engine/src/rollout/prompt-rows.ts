import type { Episode } from '../forward/index.ts'

/** Rows of the data, from 1, that episodes' prompts come from. */
export function promptRows(prompts: readonly (readonly number[])[], episodes: readonly Episode[]): number[] {
  return episodes.map(({ prompt }) => prompts.indexOf(prompt) + 1)
}
