import type { Completion, Message, tasteNames } from '@temper/db/contracts'
import { storyTaste, topStoryScore } from './stories-taste.ts'

export type TasteName = (typeof tasteNames)[number]

/** A stated preference: what simulated labelers vote by and evaluations judge by. Higher is better. */
export interface Taste {
  /** `request` is the text of the last user message. */
  score(request: string, completion: Pick<Completion, 'text' | 'endedProperly'>): number
  /** The highest possible score. */
  topScore: number
}

export const tastes: Record<TasteName, Taste> = {
  stories: {
    score: (request, { text, endedProperly }) => storyTaste(request, text, endedProperly),
    topScore: topStoryScore,
  },
}

/** What a taste reads of a prompt: its last user message. */
export function requestOf(prompt: readonly Message[]): string {
  return prompt.findLast(({ role }) => role === 'user')?.content ?? ''
}
