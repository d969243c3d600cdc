import { pairLossSchema } from '@temper/db/contracts'
import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { dpoLoss, ktoLoss, logRatio, negativeLogLikelihood } from '../losses/index.ts'
import { tf } from '../runtime/tf.ts'
import type { Inputs, Variables } from '../tracing/index.ts'
import { answersOf, type PairPolicy } from './pair-logps.ts'
import type { MethodSettings } from './prompt-samples.ts'
import type { LossAndMetrics } from './updater.ts'

interface PreferenceParts extends PairPolicy {
  settings: MethodSettings<'dpo'>
}

/** Whether the loss also raises the likelihood of the chosen answer itself. */
export function fineTunes({ sftWeight, loss }: Pick<MethodSettings<'dpo'>, 'sftWeight' | 'loss'>): boolean {
  return sftWeight > 0 || loss === 'orpo'
}

/** Loss and metrics of a batch of pairs: every loss but kto. */
export function pairLoss(parts: PreferenceParts, variables: Variables, inputs: Inputs<string>) {
  const { settings } = parts
  const { pairWeights, ties, denominator, decidedCount } = inputs as Inputs<
    'pairWeights' | 'ties' | 'denominator' | 'decidedCount'
  >
  const { chosen, rejected, accuracy } = answersOf(parts, variables, inputs)
  const of = { ...settings, loss: pairLossSchema.parse(settings.loss) }
  const { losses, chosenRewards, rejectedRewards } = dpoLoss({ chosen, rejected }, of)
  const swapped = dpoLoss({ chosen: rejected, rejected: chosen }, of)
  // A tie trains both orders at half weight.
  const judged = tf.add(tf.mul(losses, tf.sub(1, tf.mul(ties, 0.5))), tf.mul(swapped.losses, tf.mul(ties, 0.5)))
  const mean = (values: Tensor) => tf.div(tf.sum(tf.mul(values, pairWeights)), denominator)
  // Of a tie neither answer should lead.
  const decided = tf.mul(pairWeights, tf.sub(1, ties))
  const ofDecided = (values: Tensor) => tf.div(tf.sum(tf.mul(values, decided)), tf.maximum(decidedCount, 1))
  return {
    loss: mean(judged),
    metrics: {
      ...(fineTunes(settings) && { nll_loss: mean(negativeLogLikelihood(chosen)) }),
      'rewards/chosen': mean(chosenRewards),
      'rewards/rejected': mean(rejectedRewards),
      'rewards/margins': ofDecided(tf.sub(chosenRewards, rejectedRewards)),
      'rewards/accuracies': ofDecided(tf.cast(tf.greater(chosenRewards, rejectedRewards), 'float32')),
      'logps/chosen': mean(chosen.policy),
      'logps/rejected': mean(rejected.policy),
      mean_token_accuracy: tf.mul(accuracy, tf.div(tf.sum(pairWeights), denominator)),
    },
  } satisfies LossAndMetrics
}

/**
 * Loss and metrics of a batch of single answers: kto. In place of a rejected answer each stands beside a mismatched one.
 * `desirableCount` and `undesirableCount` are those of the whole step.
 */
export function answerLoss(parts: PreferenceParts, variables: Variables, inputs: Inputs<string>) {
  const { settings } = parts
  const { pairWeights, desirable, denominator, desirableCount, undesirableCount } = inputs as Inputs<
    'pairWeights' | 'desirable' | 'denominator' | 'desirableCount' | 'undesirableCount'
  >
  const { chosen: answers, rejected: mismatched } = answersOf(parts, variables, inputs)
  const { losses, rewards, kl } = ktoLoss({ answers, mismatched, desirable, weights: pairWeights }, settings)
  const wanted = tf.mul(pairWeights, desirable)
  const unwanted = tf.sub(pairWeights, wanted)
  const over = (values: Tensor, weights: Tensor, count: Tensor) =>
    tf.div(tf.sum(tf.mul(values, weights)), tf.maximum(count, 1))
  const [chosenRewards, rejectedRewards] = [
    over(rewards, wanted, desirableCount),
    over(rewards, unwanted, undesirableCount),
  ]
  return {
    loss: over(losses, pairWeights, denominator),
    metrics: {
      ...(settings.sftWeight > 0 && { nll_loss: over(negativeLogLikelihood(answers), wanted, desirableCount) }),
      kl: over(kl, pairWeights, denominator),
      'rewards/chosen': chosenRewards,
      'rewards/rejected': rejectedRewards,
      'rewards/margins': tf.sub(chosenRewards, rejectedRewards),
      'logps/chosen': over(answers.policy, wanted, desirableCount),
      'logps/rejected': over(answers.policy, unwanted, undesirableCount),
    },
  } satisfies LossAndMetrics
}

/** How far a policy prefers the chosen answers of pairs: what a loss of single answers leaves to say of them. */
export function pairMargins(parts: PreferenceParts, variables: Variables, inputs: Inputs<string>) {
  const { settings } = parts
  const { pairWeights, denominator } = inputs as Inputs<'pairWeights' | 'denominator'>
  const { chosen, rejected } = answersOf(parts, variables, inputs)
  const leads = tf.mul(tf.sub(logRatio(chosen), logRatio(rejected)), settings.beta)
  const mean = (values: Tensor) => tf.div(tf.sum(tf.mul(values, pairWeights)), denominator)
  return { eval_margin: mean(leads), eval_accuracy: mean(tf.cast(tf.greater(leads, 0), 'float32')) }
}
