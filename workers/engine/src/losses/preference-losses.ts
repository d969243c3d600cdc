import type { PairLossName } from '@temper/db/contracts'
import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { tf } from '../runtime/tf.ts'

/** One answer of each pair, each (N): log-probabilities are summed over its tokens. */
export interface AnswerLogps {
  policy: Tensor
  /** Under the frozen policy that training started from. Losses without a reference do not read it. */
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

/**
 * −log p(chosen) a token − beta · log σ(log of the ratio of odds), odds being p / (1 − p) of the mean log-prob a token,
 * without a reference (Hong et al., 2024): fine-tuning on chosen answers that also moves away from rejected ones.
 */
const orpo: PreferenceLoss = ({ chosen, rejected }, { beta }) =>
  tf.add(negativeLogLikelihood(chosen), tf.softplus(tf.sub(logOdds(rejected), logOdds(chosen))).mul(beta))

/** An answer that is certain would have infinite odds: its mean log-prob counts as this. */
const mostCertain = -1e-6

/** log(p / (1 − p)) where log p is the mean log-prob a token, (N). */
function logOdds({ policy, tokens }: AnswerLogps): Tensor {
  const logp = tf.minimum(policy.div(tokens), mostCertain)
  return logp.sub(tf.log(tf.expm1(logp).neg()))
}

/** −log-prob a token, (N): what fine-tuning on the answer lowers. */
export function negativeLogLikelihood({ policy, tokens }: AnswerLogps): Tensor {
  return policy.div(tokens).neg()
}

export const preferenceLosses: Record<PairLossName, PreferenceLoss> = {
  sigmoid,
  hinge,
  ipo,
  robust,
  apo_zero: apoZero,
  simpo,
  orpo,
}

/** What the policy says of an answer over what the reference says, (N). */
export function logRatio({ policy, reference }: AnswerLogps): Tensor {
  return policy.sub(reference)
}

/** beta · (log-ratio of chosen − log-ratio of rejected), (N). */
function marginsOf({ chosen, rejected }: PairLogps, beta: number): Tensor {
  return logRatio(chosen).sub(logRatio(rejected)).mul(beta)
}
