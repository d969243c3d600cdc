import { TemperError } from '@temper/db/contracts'
import type { Tensor, Variable } from '@tensorflow/tfjs-node-gpu'
import { tf } from '../runtime/tf.ts'
import { applyAdamW, type VariableSpec } from '../tracing/index.ts'
import { clipFactor, type Grads } from './clip-factor.ts'

/** Settings of a recipe's stage that the update needs; see `optimizationSchema`. */
export interface OptimizerSettings {
  beta1: number
  beta2: number
  epsilon: number
  weightDecay: number
  maxGradNorm: number
}

/** AdamW's moments of the variables with these names and shapes: zeros, named `adamw/m/<name>` and `adamw/v/<name>`. */
export function optimizerVariables(shapes: Record<string, readonly number[]>): Record<string, VariableSpec> {
  const moments = Object.entries(shapes).flatMap(([name, shape]) =>
    [firstMoment(name), secondMoment(name)].map((key): [string, VariableSpec] => [
      key,
      { shape, dtype: 'float32', inPlace: true },
    ]),
  )
  return Object.fromEntries(moments)
}

/** float32 scalars: the loss of the whole batch, the rate, and the number of the update, 1 at the first. */
export type StepInputs = Record<'loss' | 'learningRate' | 'step', Tensor>

export interface StepOutputs {
  /** Norm of all gradients before clipping. */
  grad_norm: Tensor
  /** Bool: whether loss and norm were finite, and the variables have changed. */
  applied: Tensor
}

/**
 * Clips the gradients, then one AdamW update of each variable, with decay on matrices only: norms and biases have none.
 * Where loss or norm are not finite nothing changes.
 * @param variables - of the program: parameters and their moments by name
 * @param grads - by name of the parameter's variable, mean over the whole batch
 * @param scale - of the loss that `grads` are of; 1 unless set
 */
export function optimizerStep(
  variables: Record<string, Variable>,
  grads: Grads,
  settings: OptimizerSettings,
  { loss, learningRate, step }: StepInputs,
  scale?: Tensor,
): StepOutputs {
  const { gradScale, gradNorm } = clipFactor(grads, settings.maxGradNorm, scale)
  const applied = tf.logicalAnd(tf.isFinite(loss), tf.isFinite(gradNorm))
  const { beta1, beta2, epsilon } = settings
  for (const [name, grad] of Object.entries(grads)) {
    const param = variableOf(variables, name)
    const moments = { m: variableOf(variables, firstMoment(name)), v: variableOf(variables, secondMoment(name)) }
    const weightDecay = param.rank >= 2 ? settings.weightDecay : 0
    const rates = { learningRate, beta1, beta2, epsilon, weightDecay }
    applyAdamW({ param, ...moments }, grad, { ...rates, gradScale, step, when: applied })
  }
  return { grad_norm: gradNorm, applied }
}

const firstMoment = (name: string) => `adamw/m/${name}`
const secondMoment = (name: string) => `adamw/v/${name}`

function variableOf(variables: Record<string, Variable>, name: string): Variable {
  const variable = variables[name]
  if (variable) return variable
  throw new TemperError('internal', `the optimizer step needs variable ${name}, which the program does not have`)
}
