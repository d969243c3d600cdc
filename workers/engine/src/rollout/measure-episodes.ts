import { type Episode, type EpisodeShape, episodeFeeds, type ForwardFunction } from '../forward/index.ts'
import type { Values } from '../tracing/index.ts'

export interface Measured {
  /** Of outputs (R, maxTokens): a list a completion, one number a token. */
  perToken: Record<string, number[][]>
  /** Of outputs (R): a number an episode. */
  perEpisode: Record<string, number[]>
}

/**
 * What a forward function says of episodes, whose feeds it gets `rows` at a time. With the rows of a later update's
 * passes, that update begins with the very same numbers.
 */
export async function measureEpisodes(
  measure: ForwardFunction<string>,
  episodes: readonly Episode[],
  shape: EpisodeShape,
  rows: number,
): Promise<Measured> {
  const all: Measured = { perToken: {}, perEpisode: {} }
  for (let first = 0; first < episodes.length; first += rows) {
    const chunk = episodes.slice(first, first + rows)
    for (const [name, output] of Object.entries(await measure.run(episodeFeeds(chunk, shape)))) {
      if (output.shape.length === 1) append(all.perEpisode, name, Array.from(output.data))
      else append(all.perToken, name, completionLists(output.data, chunk, shape))
    }
  }
  return all
}

function append<T>(lists: Record<string, T[]>, name: string, values: readonly T[]): void {
  lists[name] = [...(lists[name] ?? []), ...values]
}

/** A grid (R, maxTokens) as a list a completion, without the padding behind it. */
export function completionLists(grid: Values, episodes: readonly Episode[], { maxTokens }: EpisodeShape): number[][] {
  return episodes.map(({ completion }, row) =>
    Array.from(grid.subarray(row * maxTokens, row * maxTokens + completion.length)),
  )
}
