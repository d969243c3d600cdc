import { TemperError } from '@temper/db/contracts'
import type { DType, InputSpec, Values } from './program.ts'

/** Number of elements of a shape; 1 for a scalar. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, dimension) => product * dimension, 1)
}

/** A zero-filled array of that dtype. */
export function zerosOf(dtype: DType, size: number): Values {
  return dtype === 'int32' ? new Int32Array(size) : new Float32Array(size)
}

/** Refuses an array whose kind or length differs from what `name` declares. */
export function checkValues(name: string, spec: InputSpec, values: Values | undefined): Values {
  const wanted = spec.dtype === 'int32' ? 'Int32Array' : 'Float32Array'
  const got = values?.constructor.name ?? 'nothing'
  if (values === undefined || got !== wanted) {
    throw new TemperError('invalid_input', `${name} takes a ${wanted}, got ${got}`, { details: { name, wanted, got } })
  }
  const size = sizeOf(spec.shape)
  if (values.length !== size) {
    throw new TemperError('invalid_input', `${name} has shape [${spec.shape}] = ${size} values, got ${values.length}`, {
      details: { name, shape: spec.shape, size, got: values.length },
    })
  }
  return values
}

/** Refuses feeds that are missing or that the function does not declare; returns them checked. */
/** Inputs of the two sides of a function's pause. */
export function splitInputs(inputs: Record<string, InputSpec>, late: readonly string[]) {
  const side = (isLate: boolean) =>
    Object.fromEntries(Object.entries(inputs).filter(([key]) => late.includes(key) === isLate))
  return { before: side(false), after: side(true) }
}

export function checkFeeds<K extends string>(
  name: string,
  inputs: Record<K, InputSpec>,
  feeds: Record<K, Values>,
): Record<K, Values> {
  for (const key of Object.keys(feeds)) {
    if (!(key in inputs)) throw new TemperError('invalid_input', `${name} has no input named ${key}`)
  }
  for (const key of Object.keys(inputs) as K[]) checkValues(`${name}/${key}`, inputs[key], feeds[key])
  return feeds
}
