import type { Program, VariableSpec, Variables } from '../tracing/index.ts'
import type { Model, Params } from './model.ts'

/**
 * A program holds several models at once (policy, ref, reward, value): the weights of each are variables named
 * `role/<Hugging Face name>`.
 */
export function roleNames(role: string, model: Model): string[] {
  return Object.keys(model.parameterShapes).map((name) => `${role}/${name}`)
}

/** @param storage - `bf16` halves the memory of weights that are not trained */
export async function addRole(
  program: Program,
  role: string,
  model: Model,
  tensors: Record<string, Float32Array>,
  storage: 'fp32' | 'bf16' = 'fp32',
): Promise<void> {
  const specs = Object.entries(model.parameterShapes).map(([name, shape]): [string, VariableSpec] => [
    `${role}/${name}`,
    { shape, dtype: 'float32', data: tensors[name], storage },
  ])
  await program.addVariables(Object.fromEntries(specs))
}

/** The weights of a role by their Hugging Face name. */
export function paramsOf(variables: Variables, role: string): Params {
  const prefix = `${role}/`
  const ofRole = Object.entries(variables).filter(([name]) => name.startsWith(prefix))
  return Object.fromEntries(ofRole.map(([name, variable]) => [name.slice(prefix.length), variable]))
}
