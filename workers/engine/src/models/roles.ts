import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import type { VariableSpec } from '../tracing/index.ts'
import type { Model } from './model.ts'

/**
 * A program holds several models at once (policy, ref, reward, value): the weights of each are variables named
 * `role/<Hugging Face name>`.
 */
export function roleVariables(
  role: string,
  model: Pick<Model, 'parameterShapes'>,
  tensors: Record<string, Float32Array>,
): Record<string, VariableSpec> {
  const specs = Object.entries(model.parameterShapes).map(([name, shape]) => {
    return [`${role}/${name}`, { shape, dtype: 'float32', data: tensors[name] }] as const
  })
  return Object.fromEntries(specs)
}

/** The weights of a role by their Hugging Face name. */
export function paramsOf<T extends Tensor>(variables: Record<string, T>, role: string): Record<string, T> {
  const prefix = `${role}/`
  const ofRole = Object.entries(variables).filter(([name]) => name.startsWith(prefix))
  return Object.fromEntries(ofRole.map(([name, variable]) => [name.slice(prefix.length), variable]))
}
