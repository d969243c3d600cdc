import { k1 } from '../losses/index.ts'
import type { Rollout } from './ppo.ts'
import type { MetricValues } from './trainer.ts'

/** What an iteration's samples say, in TRL's names: sums over a completion, means over completions. */
export function rolloutMetrics(rollout: Rollout, { klCoef }: { klCoef: number }): MetricValues {
  const { episodes, logps, refLogps, scores, values, returns } = rollout
  const kl = mean(logps.map((row, i) => sum(row.map((logp, t) => k1(logp, refLogps[i]?.[t] ?? Number.NaN)))))
  const nonScoreReward = -klCoef * kl
  return {
    'objective/kl': kl,
    'objective/entropy': mean(logps.map((row) => -sum(row))),
    'objective/scores': mean(scores),
    'objective/non_score_reward': nonScoreReward,
    'objective/rlhf_reward': mean(scores) + nonScoreReward,
    'val/num_eos_tokens': episodes.filter(({ stopped }) => stopped).length,
    'val/explained_variance': explainedVariance(values.flat(), returns.flat()),
    'completions/mean_length': mean(episodes.map(({ completion }) => completion.length)),
  }
}

/** Means over the updates of an iteration, and the variance of their mean ratios. */
export function updateMetrics(updates: readonly MetricValues[]): MetricValues {
  const metrics: MetricValues = {}
  // A skipped update has not all of them.
  const valuesOf = (name: string) => updates.flatMap((update) => update[name] ?? [])
  for (const name of new Set(updates.flatMap((update) => Object.keys(update)))) metrics[name] = mean(valuesOf(name))
  for (const name of ['learning_rate', 'loss_scale', 'skipped_steps']) {
    const last = updates.at(-1)?.[name]
    if (last !== undefined) metrics[name] = last
  }
  const ratios = valuesOf('val/ratio')
  if (ratios.length > 0) metrics['val/ratio_var'] = variance(ratios)
  return metrics
}

/** 1 − var(returns − values) / var(returns); 0 where all returns are equal. */
function explainedVariance(values: readonly number[], returns: readonly number[]): number {
  const total = variance(returns)
  return total === 0 ? 0 : 1 - variance(returns.map((value, i) => value - (values[i] ?? Number.NaN))) / total
}

function variance(values: readonly number[]): number {
  const center = mean(values)
  return mean(values.map((value) => (value - center) ** 2))
}

function mean(values: readonly number[]): number {
  return sum(values) / values.length
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
