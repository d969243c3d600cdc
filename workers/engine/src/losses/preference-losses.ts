import type { PreferenceLossName } from '@temper/db/contracts'
import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { tf } from '../runtime/tf.ts'

/** One answer of each pair, each (N): log-probabilities are summed over its tokens. */
export interface AnswerLogps {
  policy: Tensor
  /** Under the frozen policy that training started from. */
  reference: Tensor
  /** How many tokens the answer has. */
  tokens: Tensor
}

export interface PairLogps {
  chosen: AnswerLogps
  rejected: AnswerLogps
}

export interface PreferenceSettings {
  beta: number
  /** Share of labels taken to be wrong, below ½. */
  labelSmoothing?: number
  /** Lead that SimPO asks for, in units of its reward. */
  simpoGamma?: number
}

/** Losses (N) of N pairs. Another variant of DPO is another such function. */
export type PreferenceLoss = (pairs: PairLogps, settings: PreferenceSettings) => Tensor

/** −log σ(margin) (Rafailov et al., 2023); with label smoothing, conservative DPO (Mitchell, 2023). */
const sigmoid: PreferenceLoss = (pairs, { beta, labelSmoothing = 0 }) => {
  const margins = marginsOf(pairs, beta)
  const right = tf.softplus(margins.neg())
  if (labelSmoothing === 0) return right
  return tf.add(right.mul(1 - labelSmoothing), tf.softplus(margins).mul(labelSmoothing))
}

/** max(0, 1 − margin): no pull once a pair is apart (SLiC-HF: Zhao et al., 2023). */
const hinge: PreferenceLoss = (pairs, { beta }) => tf.relu(tf.sub(1, marginsOf(pairs, beta)))

/** (lead in log-ratio a token − 1 / 2beta)²: a lead to reach, not one to grow for ever (Azar et al., 2023). */
const ipo: PreferenceLoss = ({ chosen, rejected }, { beta }) => {
  const lead = logRatio(chosen).div(chosen.tokens).sub(logRatio(rejected).div(rejected.tokens))
  return lead.sub(1 / (2 * beta)).square()
}

/** The sigmoid loss that votes would have without the wrong ones, in expectation (Chowdhury et al., 2024). */
const robust: PreferenceLoss = (pairs, { beta, labelSmoothing = 0 }) => {
  const margins = marginsOf(pairs, beta)
  const right = tf.softplus(margins.neg()).mul(1 - labelSmoothing)
  return right.sub(tf.softplus(margins).mul(labelSmoothing)).div(1 - 2 * labelSmoothing)
}

/** 1 − σ(chosen reward) + σ(rejected reward): raises one and lowers the other (D'Oosterlinck et al., 2024). */
const apoZero: PreferenceLoss = ({ chosen, rejected }, { beta }) => {
  const [chosenRewards, rejectedRewards] = [chosen, rejected].map((answer) => tf.sigmoid(logRatio(answer).mul(beta)))
  return tf.sub(1, chosenRewards as Tensor).add(rejectedRewards as Tensor)
}

/** −log σ(beta · lead in log-prob a token − gamma), without a reference (Meng et al., 2024). */
const simpo: PreferenceLoss = ({ chosen, rejected }, { beta, simpoGamma = 0 }) => {
  const lead = chosen.policy.div(chosen.tokens).sub(rejected.policy.div(rejected.tokens))
  return tf.softplus(tf.sub(simpoGamma, lead.mul(beta)))
}

export const preferenceLosses: Record<PreferenceLossName, PreferenceLoss> = {
  sigmoid,
  hinge,
  ipo,
  robust,
  apo_zero: apoZero,
  simpo,
}

/** What the policy says of an answer over what the reference says, (N). */
export function logRatio({ policy, reference }: AnswerLogps): Tensor {
  return policy.sub(reference)
}

/** beta · (log-ratio of chosen − log-ratio of rejected), (N). */
function marginsOf({ chosen, rejected }: PairLogps, beta: number): Tensor {
  return logRatio(chosen).sub(logRatio(rejected)).mul(beta)
}
