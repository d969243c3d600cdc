import type { EpisodeShape } from '../forward/index.ts'
import type { Model } from '../models/index.ts'
import type { Prompt } from '../tokenizer/index.ts'

/** The shortest rows, in steps of 16 tokens, that hold the longest prompt and its completion. */
export function episodeShape(policy: Model, prompts: readonly Prompt[], maxTokens: number): EpisodeShape {
  const longest = prompts.reduce((length, { ids }) => Math.max(length, ids.length), 0)
  return { rowLength: Math.min(policy.contextLength, Math.ceil((longest + maxTokens) / 16) * 16), maxTokens }
}
