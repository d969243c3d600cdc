import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import type { BatchInputs } from '../forward/index.ts'
import { languageModelingLoss, maskedMean, sequenceLogps } from '../losses/index.ts'
import { hasAdapters, type Model, paramsOf, type Role } from '../models/index.ts'
import { packedCausalAttention } from '../nn/index.ts'
import { tf } from '../runtime/tf.ts'
import type { Inputs, Variables } from '../tracing/index.ts'

/** A policy, and how many pairs a batch has. */
export interface PairPolicy {
  model: Model
  role: Role
  settings: { batchSize: number }
}

/** Summed log-probs and tokens of both answers under the policy, each (N), and the token accuracy on chosen ones. */
export function pairLogps({ model, role, settings }: PairPolicy, variables: Variables, inputs: Inputs<string>) {
  const size = settings.batchSize
  const { ids, positions, segments, parents, ...losses } = inputs as BatchInputs & Inputs<'sequenceOf'>
  const { lossPositions, targets, weights, sequenceOf } = losses
  const params = paramsOf(variables, role, inputs.dropoutSeed)
  const hidden = model.hiddenStates(params, { ids, positions }, packedCausalAttention({ segments, positions, parents }))
  const headWeight = model.headWeight(params)
  const scored = { hidden, headWeight, lossPositions, targets, weights }
  const { logps, correct } = languageModelingLoss(scored, { frozenHead: hasAdapters(params) })
  const ofChosen = tf.mul(weights, tf.cast(tf.less(sequenceOf, size), 'float32'))
  const sidesOf = (values: Tensor) =>
    tf.split(sequenceLogps(values, weights, sequenceOf, 2 * size), [size, size]) as [Tensor, Tensor]
  const [chosen, rejected] = sidesOf(logps)
  const [chosenTokens, rejectedTokens] = sidesOf(tf.onesLike(logps))
  return { chosen, rejected, chosenTokens, rejectedTokens, accuracy: maskedMean(correct, ofChosen) }
}

/** Both answers with what policy and reference say of them, as losses take them. */
export function answersOf(policy: PairPolicy, variables: Variables, inputs: Inputs<string>) {
  const { refChosen, refRejected } = inputs as Inputs<'refChosen' | 'refRejected'>
  const { accuracy, ...logps } = pairLogps(policy, variables, inputs)
  return {
    chosen: { policy: logps.chosen, reference: refChosen, tokens: logps.chosenTokens },
    rejected: { policy: logps.rejected, reference: refRejected, tokens: logps.rejectedTokens },
    accuracy,
  }
}
