import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import type { BatchInputs } from '../forward/index.ts'
import { languageModelingLoss, sequenceLogps } from '../losses/index.ts'
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

/**
 * Summed log-probs and tokens of both answers under the policy, each (N), and how many tokens of the chosen one would
 * have been its first choice. An answer that was cut before it said anything counts as one token, of log-prob 0.
 */
export function pairLogps({ model, role, settings }: PairPolicy, variables: Variables, inputs: Inputs<string>) {
  const size = settings.batchSize
  const { ids, positions, segments, parents, ...losses } = inputs as BatchInputs & Inputs<'sequenceOf'>
  const { lossPositions, targets, weights, sequenceOf } = losses
  const params = paramsOf(variables, role, inputs.dropoutSeed)
  const attend = packedCausalAttention({ segments, positions, parents })
  const hidden = model.hiddenStates(params, { ids, positions, at: lossPositions }, attend)
  const headWeight = model.headWeight(params)
  const scored = { hidden, headWeight, targets, weights }
  const { logps, correct } = languageModelingLoss(scored, { frozenHead: hasAdapters(params) })
  const sidesOf = (values: Tensor) =>
    tf.split(sequenceLogps(values, weights, sequenceOf, 2 * size), [size, size]) as [Tensor, Tensor]
  const [chosen, rejected] = sidesOf(logps)
  const [chosenTokens, rejectedTokens] = sidesOf(tf.onesLike(logps)).map((tokens) => tf.maximum(tokens, 1)) as [
    Tensor,
    Tensor,
  ]
  return { chosen, rejected, chosenTokens, rejectedTokens, chosenCorrect: sidesOf(correct)[0] }
}

/** Both answers with what policy and reference say of them, as losses take them, and the token accuracy on chosen ones. */
export function answersOf(policy: PairPolicy, variables: Variables, inputs: Inputs<string>) {
  const { refChosen, refRejected, pairWeights } = inputs as Inputs<'refChosen' | 'refRejected' | 'pairWeights'>
  const logps = pairLogps(policy, variables, inputs)
  const sum = (values: Tensor) => tf.sum(tf.mul(values, pairWeights))
  const accuracy = tf.div(sum(logps.chosenCorrect), tf.maximum(sum(logps.chosenTokens), 1))
  return {
    chosen: { policy: logps.chosen, reference: refChosen, tokens: logps.chosenTokens },
    rejected: { policy: logps.rejected, reference: refRejected, tokens: logps.rejectedTokens },
    accuracy,
  }
}
