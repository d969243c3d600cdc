import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { tf } from '../runtime/tf.ts'

/** Summed completion log-probabilities, each (N). */
export interface PairLogps {
  chosen: Tensor
  rejected: Tensor
  refChosen: Tensor
  refRejected: Tensor
}

export interface DpoSettings {
  beta: number
  /** Share of labels taken to be wrong. */
  labelSmoothing?: number
}

/**
 * A loss on pairs: from the log-ratio `(chosen − refChosen) − (rejected − refRejected)` (N) to losses (N). Another
 * variant of DPO is another such function.
 */
export type PreferenceLoss = (logRatios: Tensor, settings: DpoSettings) => Tensor

/** −log σ(beta · log-ratio) (Rafailov et al., 2023); with label smoothing, conservative DPO (Mitchell, 2023). */
export const sigmoidPreferenceLoss: PreferenceLoss = (logRatios, { beta, labelSmoothing = 0 }) => {
  const margins = logRatios.mul(beta)
  const right = tf.softplus(margins.neg())
  if (labelSmoothing === 0) return right
  return tf.add(right.mul(1 - labelSmoothing), tf.softplus(margins).mul(labelSmoothing))
}

export interface DpoLoss {
  /** (N) */
  losses: Tensor
  /** Implicit rewards beta · (logp − refLogp), (N); constants of the gradient only by use. */
  chosenRewards: Tensor
  rejectedRewards: Tensor
}

/** Direct preference optimisation: one loss a pair and the rewards that the policy implies. */
export function dpoLoss(
  logps: PairLogps,
  settings: DpoSettings,
  lossOf: PreferenceLoss = sigmoidPreferenceLoss,
): DpoLoss {
  const chosenRatio = logps.chosen.sub(logps.refChosen)
  const rejectedRatio = logps.rejected.sub(logps.refRejected)
  return {
    losses: lossOf(chosenRatio.sub(rejectedRatio), settings),
    chosenRewards: chosenRatio.mul(settings.beta),
    rejectedRewards: rejectedRatio.mul(settings.beta),
  }
}
