import { type Episode, normalizedScore } from '../forward/index.ts'
import type { RewardSample } from '../rewards/index.ts'
import { type RewardSource, rewardRole } from './reward-source.ts'
import { deviation, mean } from './statistics.ts'

export interface ScoreSettings {
  rewardClip?: number | undefined
  missingEosPenalty: number
}

export interface Scores {
  /** One an episode: the weighted sum of all sources, clipped, less the penalty for a missing end. */
  scores: number[]
  /** Of each source: mean and deviation of its scores, unweighted, those of models in deviations from their mean. */
  metrics: Record<string, number>
}

/**
 * Scores of episodes by every source.
 * @param texts - of the episodes, for functions
 * @param rawScores - of reward models by their role, one an episode
 */
export async function scoreEpisodes(
  sources: readonly RewardSource[],
  {
    episodes,
    texts,
    rawScores,
  }: {
    episodes: readonly Episode[]
    texts: readonly RewardSample[]
    rawScores: Record<string, readonly number[]>
  },
  { rewardClip = Number.POSITIVE_INFINITY, missingEosPenalty }: ScoreSettings,
): Promise<Scores> {
  const metrics: Record<string, number> = {}
  const sums = episodes.map(() => 0)
  for (const source of sources) {
    const scores = await scoresOf(source, texts, rawScores)
    for (const [i, score] of scores.entries()) sums[i] = (sums[i] ?? 0) + source.weight * score
    metrics[`rewards/${source.name}/mean`] = mean(scores)
    metrics[`rewards/${source.name}/std`] = deviation(scores)
  }
  const scores = sums.map((sum, i) => {
    const clipped = Math.min(rewardClip, Math.max(-rewardClip, sum))
    return episodes[i]?.stopped ? clipped : clipped - missingEosPenalty
  })
  return { scores, metrics }
}

async function scoresOf(
  source: RewardSource,
  texts: readonly RewardSample[],
  rawScores: Record<string, readonly number[]>,
): Promise<number[]> {
  if ('score' in source) return source.score(texts)
  return (rawScores[rewardRole(source.name)] ?? []).map((raw) => normalizedScore(raw, source.scorer))
}
