import type { Episode } from '../forward/index.ts'
import type { RewardSample } from '../rewards/index.ts'
import type { Tokenizer } from '../tokenizer/index.ts'

/** Prompts and completions as people and reward functions read them. */
export function episodeTexts(episodes: readonly Episode[], tokenizer: Pick<Tokenizer, 'decode'>): RewardSample[] {
  const text = (ids: readonly number[]) => tokenizer.decode(ids, { skipSpecialTokens: true }).trim()
  return episodes.map(({ prompt, completion, stopped }) => ({
    prompt: text(prompt),
    completion: text(completion),
    endedProperly: stopped,
  }))
}
