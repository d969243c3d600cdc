import type { JobOf } from '@temper/db/contracts'
import { grpoAdvantages, grpoLoss, k3 } from '../losses/index.ts'
import { mean, sum } from '../rollout/index.ts'
import type { GroupMethod } from './group-method.ts'

/**
 * GRPO (Shao et al., 2024): a completion's advantage is its reward's distance from the mean of its group, in deviations
 * of the group; each token is clipped as in PPO, and the KL to the reference stands in the loss.
 */
export function grpo(settings: JobOf<'grpo'>['settings']): GroupMethod {
  return {
    klEstimator: k3,
    reward: (score) => score,
    advantages: settings.scaleRewards ? grpoAdvantages : centred,
    tokenWeights: (lengths) => tokenWeights(lengths, settings),
    loss: (input) => grpoLoss(input, settings),
  }
}

/** Without the deviation, which favours prompts that are nearly always answered alike (Liu et al., 2025). */
function centred(rewards: readonly number[]): number[] {
  const center = mean(rewards)
  return rewards.map((reward) => reward - center)
}

/**
 * `grpo`: completions count alike, tokens of short ones more; `dapo`: tokens count alike (Yu et al., 2025); `dr_grpo`:
 * tokens count alike whatever the mini-batch's length, one part of all that could be (Liu et al., 2025).
 */
function tokenWeights(
  lengths: readonly number[],
  { lossType, sampling }: Pick<JobOf<'grpo'>['settings'], 'lossType' | 'sampling'>,
): number[] {
  switch (lossType) {
    case 'grpo':
      return lengths.map((length) => 1 / (lengths.length * length))
    case 'dapo':
      return lengths.map(() => 1 / sum(lengths))
    case 'dr_grpo':
      return lengths.map(() => 1 / (lengths.length * sampling.maxTokens))
  }
}
