import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { tf } from '../runtime/tf.ts'
import { stopGradient } from '../tracing/index.ts'
import { type AnswerLogps, logRatio, negativeLogLikelihood } from './preference-losses.ts'

/** N answers that were judged one by one. */
export interface JudgedAnswers {
  answers: AnswerLogps
  /** Each prompt with the answer to another one. */
  mismatched: AnswerLogps
  /** (N): 1 where the answer is desirable, 0 where not. */
  desirable: Tensor
  /** (N): 0 for padding. */
  weights: Tensor
}

export interface KtoSettings {
  beta: number
  desirableWeight: number
  undesirableWeight: number
  /** Weight of −log p a token of desirable answers, added to the loss. */
  sftWeight?: number
}

export interface KtoLoss {
  /** (N) */
  losses: Tensor
  /** beta · (logp − refLogp), (N). */
  rewards: Tensor
  /** How far the policy has moved, summed over an answer; a scalar, at least 0, a constant of the gradient. */
  kl: Tensor
}

/**
 * Kahneman–Tversky optimisation (Ethayarajh et al., 2024): a desirable answer costs
 * desirableWeight · (1 − σ(reward − beta · kl)), an undesirable one undesirableWeight · (1 − σ(beta · kl − reward)).
 * What counts as gain is thus measured from how far the policy has moved in general: kl is the mean log-ratio of
 * mismatched answers, from 0 up. As in TRL it is estimated a forward pass.
 */
export function ktoLoss({ answers, mismatched, desirable, weights }: JudgedAnswers, settings: KtoSettings): KtoLoss {
  const { beta, desirableWeight, undesirableWeight, sftWeight = 0 } = settings
  const drift = tf.div(tf.sum(tf.mul(logRatio(mismatched), weights)), tf.maximum(tf.sum(weights), 1))
  const kl = stopGradient(tf.relu(drift))
  const rewards = logRatio(answers).mul(beta)
  const gain = rewards.sub(kl.mul(beta))
  const undesirable = tf.sub(1, desirable)
  const wanted = tf.add(tf.sigmoid(gain.neg()).mul(desirableWeight), negativeLogLikelihood(answers).mul(sftWeight))
  const unwanted = tf.sigmoid(gain).mul(undesirableWeight)
  return { losses: tf.add(wanted.mul(desirable), unwanted.mul(undesirable)), rewards, kl }
}
