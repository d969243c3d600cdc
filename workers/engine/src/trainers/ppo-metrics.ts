import { type KlEstimator, k1 } from '../losses/index.ts'
import { mean, meanOfUpdates, sum, variance } from '../rollout/index.ts'
import type { Rollout } from './ppo.ts'
import type { MetricValues } from './trainer.ts'

/** What an iteration's samples say, in TRL's names: sums over a completion, means over completions. */
export function rolloutMetrics(rollout: Rollout, klCoef: number, estimator: KlEstimator): MetricValues {
  const { episodes, logps, scores, values, returns } = rollout
  const nonScoreReward = -klCoef * meanKl(rollout, estimator)
  return {
    'objective/kl': meanKl(rollout),
    'objective/kl_coef': klCoef,
    'objective/entropy': mean(logps.map((row) => -sum(row))),
    'objective/scores': mean(scores),
    'objective/non_score_reward': nonScoreReward,
    'objective/rlhf_reward': mean(scores) + nonScoreReward,
    'val/num_eos_tokens': episodes.filter(({ stopped }) => stopped).length,
    'val/explained_variance': explainedVariance(values.flat(), returns.flat()),
    'completions/mean_length': mean(episodes.map(({ completion }) => completion.length)),
  }
}

/** KL of policy to reference summed over a completion, mean over completions; by k1, which is unbiased, unless set. */
export function meanKl({ logps, refLogps }: Pick<Rollout, 'logps' | 'refLogps'>, estimator: KlEstimator = k1): number {
  return mean(logps.map((row, i) => sum(row.map((logp, t) => estimator(logp, refLogps[i]?.[t] ?? Number.NaN)))))
}

/** Means over the updates of an iteration, and the variance of their mean ratios. */
export function updateMetrics(updates: readonly MetricValues[]): MetricValues {
  const ratios = updates.flatMap((update) => update['val/ratio'] ?? [])
  return { ...meanOfUpdates(updates), ...(ratios.length > 0 ? { 'val/ratio_var': variance(ratios) } : {}) }
}

/** 1 − var(returns − values) / var(returns); 0 where all returns are equal. */
function explainedVariance(values: readonly number[], returns: readonly number[]): number {
  const total = variance(returns)
  return total === 0 ? 0 : 1 - variance(returns.map((value, i) => value - (values[i] ?? Number.NaN))) / total
}
