import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { tf } from '../runtime/tf.ts'
import { davidsonLosses } from './davidson.ts'

export interface RewardPairs {
  /** (N) */
  chosen: Tensor
  /** (N) */
  rejected: Tensor
  /** (N): 1 for a judged pair, 0 for padding. */
  weights: Tensor
  /** (N): 1 where the labeler saw no difference. */
  ties?: Tensor
  /** (N): by how much the chosen one should lead, from the strength of the vote (Touvron et al., 2023). */
  margin?: Tensor
}

export interface RewardLoss {
  /** Σ over pairs, a scalar. Divide by Σ weight of the whole batch. */
  lossSum: Tensor
  /** Σ weight. */
  denominator: Tensor
  /** (N) */
  losses: Tensor
}

export interface BradleyTerrySettings {
  centerRewardsCoefficient?: number
  /** Davidson's ν: ties are an outcome of their own. Unless set, a tie counts half a win for each side. */
  tieNu?: number | undefined
}

/**
 * −log σ(chosen − rejected − margin), Bradley and Terry (1952) as in Ouyang et al. (2022); with `tieNu`, Davidson's
 * model (1970). `centerRewardsCoefficient` · (chosen + rejected)² keeps rewards near 0 (Eisenstein et al., 2023).
 */
export function bradleyTerryLoss(pairs: RewardPairs, settings: BradleyTerrySettings = {}): RewardLoss {
  const { chosen, rejected, weights, ties, margin } = pairs
  const { centerRewardsCoefficient = 0, tieNu } = settings
  const lead = chosen.sub(rejected)
  const won = margin ? lead.sub(margin) : lead
  const win = tieNu === undefined ? tf.softplus(won.neg()) : davidsonLosses(won, tieNu).win
  const tie = tieNu === undefined ? halfWins(lead) : davidsonLosses(lead, tieNu).tie
  const judged = ties ? tf.add(win.mul(tf.sub(1, ties)), tie.mul(ties)) : win
  const centering = chosen.add(rejected).square().mul(centerRewardsCoefficient)
  const losses = centerRewardsCoefficient === 0 ? judged : judged.add(centering)
  return { lossSum: losses.mul(weights).sum(), denominator: weights.sum(), losses }
}

/** ½ (−log σ(lead) − log σ(−lead)): least where both are equal. */
function halfWins(lead: Tensor): Tensor {
  return tf.add(tf.softplus(lead), tf.softplus(lead.neg())).mul(0.5)
}
