import type { JobOf } from '@temper/db/contracts'
import { k1, rlooAdvantages, rlooLoss } from '../losses/index.ts'
import type { GroupMethod } from './group-method.ts'

/**
 * RLOO (Ahmadian et al., 2024): REINFORCE with the mean reward of the group's other completions as the baseline. The KL
 * to the reference is taken off the reward, and a completion is one action.
 */
export function rloo(settings: JobOf<'rloo'>['settings']): GroupMethod {
  return {
    klEstimator: k1,
    reward: (score, kl) => score - settings.beta * kl,
    advantages: rlooAdvantages,
    tokenWeights: (lengths) => lengths.map((length) => 1 / (lengths.length * length)),
    loss: (input) => rlooLoss(input, settings),
  }
}
