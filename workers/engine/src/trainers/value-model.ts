import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { completionHidden, completionScores, type EpisodeInputs, scoresAt } from '../forward/index.ts'
import { type Model, paramsOf, type Role, roleNames } from '../models/index.ts'
import type { PlacedScorer } from '../rollout/index.ts'
import { tf } from '../runtime/tf.ts'
import type { Program, Variables } from '../tracing/index.ts'

/** PPO's value model: one of its own, or one more head on the policy's body. */
export type ValueModel = PlacedScorer | 'shared'

export interface PolicyAndValue {
  policy: Model
  policyRole: Role
  value: ValueModel
}

const sharedHead = 'value/score.weight'

/** Names of its variables beside the policy's and those of frozen weights. */
export function valueNames(value: ValueModel): string[] {
  return value === 'shared' ? [sharedHead] : roleNames(value.role, value.model)
}

/** A head of zeros on a body of this width: it starts by expecting nothing. */
export async function addSharedValueHead(program: Program, hiddenSize: number): Promise<void> {
  await program.addVariables({ [sharedHead]: { shape: [1, hiddenSize], dtype: 'float32', inPlace: true } })
}

/**
 * Log-probs of completion tokens at the sampling temperature, and V of the state before each, in units of the reward;
 * both (R, maxTokens). A shared body is run once for both.
 */
export function logpsAndValues(
  { policy, policyRole, value }: PolicyAndValue,
  variables: Variables,
  x: EpisodeInputs,
  temperature: number,
): { logps: Tensor; values: Tensor } {
  const params = paramsOf(variables, policyRole)
  const hidden = completionHidden(policy, params, x)
  const { logps } = completionScores(policy, params, hidden, x.targets, temperature)
  const values = value === 'shared' ? sharedValues(hidden, variables) : ownValues(value, variables, x)
  return { logps: tf.reshape(logps, x.mask.shape), values: tf.reshape(values, x.mask.shape) }
}

function sharedValues(hidden: Tensor, variables: Variables): Tensor {
  return tf.matMul(hidden, variables[sharedHead] as Tensor, false, true)
}

function ownValues({ model, role, normalization }: PlacedScorer, variables: Variables, x: EpisodeInputs): Tensor {
  const raw = scoresAt(model, paramsOf(variables, role), x, x.lossPositions)
  return tf.div(tf.sub(raw, normalization.mean), normalization.std)
}
