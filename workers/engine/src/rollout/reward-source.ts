import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { type EpisodeInputs, type Scorer, scoresAt } from '../forward/index.ts'
import { paramsOf, type Role } from '../models/index.ts'
import type { RewardSample } from '../rewards/index.ts'
import type { Variables } from '../tracing/index.ts'

/** A reward or value model with the role that holds its weights. */
export type PlacedScorer = Scorer & { role: Role }

/** What scores completions, and how much its score counts. */
export type RewardSource = { name: string; weight: number } & (
  | { scorer: PlacedScorer }
  | { score: (samples: readonly RewardSample[]) => Promise<number[]> }
)

/** What the variables and raw scores of a reward model are called. */
export function rewardRole(name: string): string {
  return `reward/${name}`
}

/** Raw scores (R) of each reward model at the last token of each episode, for a function that measures them. */
export function rewardModelScores(
  sources: readonly RewardSource[],
  variables: Variables,
  x: EpisodeInputs,
): Record<string, Tensor> {
  const scores: Record<string, Tensor> = {}
  for (const source of sources) {
    if (!('scorer' in source)) continue
    const { model, role } = source.scorer
    scores[rewardRole(source.name)] = scoresAt(model, paramsOf(variables, role), x, x.lastPositions)
  }
  return scores
}
