import type { Sampling } from '@temper/db/contracts'
import type { Episode } from '../forward/index.ts'
import type { Generator } from '../generation/index.ts'
import type { RewardSample } from '../rewards/index.ts'
import type { Prompt, Tokenizer } from '../tokenizer/index.ts'

export interface SampledEpisodes {
  episodes: Episode[]
  /** The sampler's own log-probs, one a completion token, at the sampling temperature. */
  sampledLogps: number[][]
  texts: RewardSample[]
}

export interface SamplingParts {
  settings: { sampling: Sampling }
  tokenizer: Pick<Tokenizer, 'stopIds' | 'decode'>
  seed: number
}

/**
 * A completion of each prompt, in their order, cut at its first stop token. A prompt that comes several times in a row
 * is read once.
 * @param prompts - as many in every iteration (from 1): a completion's noise is that of its place among all of them
 */
export async function sampleEpisodes(
  generator: Generator,
  { iteration, prompts }: { iteration: number; prompts: readonly Prompt[] },
  { settings: { sampling }, tokenizer, seed }: SamplingParts,
): Promise<SampledEpisodes> {
  const firstIndex = (iteration - 1) * prompts.length
  const { stopIds } = tokenizer
  const read = prompts.map(({ ids }) => ids)
  const generated = await generator.generate({ prompts: read, sampling, stopIds, seed, firstIndex })
  const episodes = generated.map(({ ids, stopped }, index) => ({ prompt: read[index] ?? [], completion: ids, stopped }))
  const texts = episodes.map(({ completion, stopped }, index) => ({
    prompt: prompts[index]?.text ?? '',
    completion: tokenizer.decode(completion, { skipSpecialTokens: true }).trim(),
    endedProperly: stopped,
  }))
  return { episodes, sampledLogps: generated.map(({ logps }) => logps), texts }
}
