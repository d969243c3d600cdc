import type { KlEstimator } from '../losses/index.ts'
import { deviation, mean } from '../rollout/index.ts'
import type { GroupRollout } from './group-trainer.ts'
import type { MetricValues } from './trainer.ts'

/** What an iteration's samples say, in TRL's names. */
export function groupMetrics(rollout: GroupRollout, groupSize: number, estimator: KlEstimator): MetricValues {
  const { episodes, rewards } = rollout
  const lengths = episodes.map(({ completion }) => completion.length)
  const deviations = groupsOf(rewards, groupSize).map(deviation)
  return {
    reward: mean(rewards),
    reward_std: mean(deviations),
    frac_reward_zero_std: mean(deviations.map((std) => (std === 0 ? 1 : 0))),
    'completions/mean_length': mean(lengths),
    'completions/min_length': Math.min(...lengths),
    'completions/max_length': Math.max(...lengths),
    'completions/clipped_ratio': mean(episodes.map(({ stopped }) => (stopped ? 0 : 1))),
    ...klMetric(rollout, estimator),
  }
}

function klMetric({ logps, refLogps }: GroupRollout, estimator: KlEstimator): MetricValues {
  if (!refLogps) return {}
  return { kl: mean(logps.flatMap((row, i) => row.map((logp, t) => estimator(logp, refLogps[i]?.[t] ?? Number.NaN)))) }
}

/** Consecutive values, `size` at a time. */
export function groupsOf<T>(values: readonly T[], size: number): T[][] {
  return Array.from({ length: values.length / size }, (_, group) => values.slice(group * size, (group + 1) * size))
}
