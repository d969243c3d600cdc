import type { EpisodeShape } from '../forward/index.ts'
import type { Model } from '../models/index.ts'

/** The shortest rows, in steps of 16 tokens, that hold the longest prompt and its completion. */
export function episodeShape(policy: Model, prompts: readonly (readonly number[])[], maxTokens: number): EpisodeShape {
  const longest = prompts.reduce((length, prompt) => Math.max(length, prompt.length), 0)
  return { rowLength: Math.min(policy.contextLength, Math.ceil((longest + maxTokens) / 16) * 16), maxTokens }
}
