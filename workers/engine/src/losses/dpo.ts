import type { PreferenceLossName } from '@temper/db/contracts'
import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { logRatio, type PairLogps, type PreferenceSettings, preferenceLosses } from './preference-losses.ts'

export interface DpoSettings extends PreferenceSettings {
  loss: PreferenceLossName
}

export interface DpoLoss {
  /** (N) */
  losses: Tensor
  /** Implicit rewards beta · (logp − refLogp), (N), whatever the loss; constants of the gradient only by use. */
  chosenRewards: Tensor
  rejectedRewards: Tensor
}

/** Direct preference optimisation: one loss a pair and the rewards that the policy implies. */
export function dpoLoss(pairs: PairLogps, { loss, ...settings }: DpoSettings): DpoLoss {
  return {
    losses: preferenceLosses[loss](pairs, settings),
    chosenRewards: logRatio(pairs.chosen).mul(settings.beta),
    rejectedRewards: logRatio(pairs.rejected).mul(settings.beta),
  }
}
