import { TemperError } from '@temper/db/contracts'
import type { Variable } from '@tensorflow/tfjs-node-gpu'
import { tf } from '../runtime/tf.ts'
import type { VariableSpec } from '../tracing/index.ts'
import type { Grads } from './clip-factor.ts'

/** Sums of gradients over passes: zeros, named `acc/<name>`. */
export function accumulatorVariables(shapes: Record<string, readonly number[]>): Record<string, VariableSpec> {
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [accumulator(name), { shape, dtype: 'float32' }]),
  )
}

/**
 * Adds the gradients of one pass. Take them of the pass's summed loss divided by the denominator of the whole batch:
 * then the sum over passes is the gradient of one big batch, whatever the passes' sizes.
 */
export function accumulate(variables: Record<string, Variable>, grads: Grads): void {
  for (const [name, grad] of Object.entries(grads)) {
    const sum = accumulatorOf(variables, name)
    sum.assign(sum.add(grad))
  }
}

/** The sums, and zeros in their place for the next batch. */
export function takeAccumulated(variables: Record<string, Variable>, names: readonly string[]): Grads {
  const grads: Grads = {}
  for (const name of names) {
    const sum = accumulatorOf(variables, name)
    grads[name] = sum.clone()
    sum.assign(tf.zerosLike(sum))
  }
  return grads
}

const accumulator = (name: string) => `acc/${name}`

function accumulatorOf(variables: Record<string, Variable>, name: string): Variable {
  const variable = variables[accumulator(name)]
  if (variable) return variable
  throw new TemperError('internal', `the program has no variable ${accumulator(name)}`)
}
