import { TemperError } from '@temper/db/contracts'
import type { Tensor, Variable } from '@tensorflow/tfjs-node-gpu'
import { applyAdamW, type VariableSpec } from '../tracing/index.ts'
import { clipGradients, type Grads } from './clip-gradients.ts'

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
    [firstMoment(name), secondMoment(name)].map((key): [string, VariableSpec] => [key, { shape, dtype: 'float32' }]),
  )
  return Object.fromEntries(moments)
}

/**
 * Clips the gradients, then one AdamW update of each variable, with decay on matrices only: norms and biases have none.
 * @param variables - of the program: parameters and their moments by name
 * @param grads - by name of the parameter's variable, mean over the whole batch
 * @param learningRate - float32 scalar
 * @param step - float32 scalar, 1 at the first update
 * @returns norm of all gradients before clipping, a scalar
 */
export function optimizerStep(
  variables: Record<string, Variable>,
  grads: Grads,
  settings: OptimizerSettings,
  { learningRate, step }: { learningRate: Tensor; step: Tensor },
): Tensor {
  const { grads: clipped, gradNorm } = clipGradients(grads, settings.maxGradNorm)
  const { beta1, beta2, epsilon } = settings
  for (const [name, grad] of Object.entries(clipped)) {
    const param = variableOf(variables, name)
    const moments = { m: variableOf(variables, firstMoment(name)), v: variableOf(variables, secondMoment(name)) }
    const weightDecay = param.rank >= 2 ? settings.weightDecay : 0
    applyAdamW({ param, ...moments }, grad, { learningRate, beta1, beta2, epsilon, weightDecay, step })
  }
  return gradNorm
}

const firstMoment = (name: string) => `adamw/m/${name}`
const secondMoment = (name: string) => `adamw/v/${name}`

function variableOf(variables: Record<string, Variable>, name: string): Variable {
  const variable = variables[name]
  if (variable) return variable
  throw new TemperError('internal', `the optimizer step needs variable ${name}, which the program does not have`)
}
