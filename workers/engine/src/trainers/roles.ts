import type { Model, Params } from '../models/index.ts'
import type { Program, Variables } from '../tracing/index.ts'

/**
 * A program holds several models at once (policy, ref, reward, value): the weights of each are variables named
 * `role/<Hugging Face name>`.
 */
export function roleNames(role: string, model: Model): string[] {
  return Object.keys(model.parameterShapes).map((name) => `${role}/${name}`)
}

export async function addRole(program: Program, role: string, model: Model, tensors: Record<string, Float32Array>) {
  const specs = Object.entries(model.parameterShapes).map(
    ([name, shape]) => [`${role}/${name}`, { shape, dtype: 'float32' as const, data: tensors[name] }] as const,
  )
  await program.addVariables(Object.fromEntries(specs))
}

/** The weights of a role by their Hugging Face name. */
export function paramsOf(variables: Variables, role: string): Params {
  const prefix = `${role}/`
  const params: Params = {}
  for (const [name, variable] of Object.entries(variables)) {
    if (name.startsWith(prefix)) params[name.slice(prefix.length)] = variable
  }
  return params
}
