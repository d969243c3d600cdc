import type { Episode } from '../forward/index.ts'
import type { GenerationRequest, Generator } from '../generation/index.ts'

export interface SampledEpisodes {
  episodes: Episode[]
  /** The sampler's own log-probs, one a completion token, at the sampling temperature. */
  sampledLogps: number[][]
}

/**
 * A completion of each prompt, in their order, cut at its first stop token. A prompt that comes several times in a row
 * is read once.
 */
export async function sampleEpisodes(generator: Generator, request: GenerationRequest): Promise<SampledEpisodes> {
  const generated = await generator.generate(request)
  const episodes = generated.map(({ ids, stopped }, index) => ({
    prompt: request.prompts[index] ?? [],
    completion: ids,
    stopped,
  }))
  return { episodes, sampledLogps: generated.map(({ logps }) => logps) }
}
