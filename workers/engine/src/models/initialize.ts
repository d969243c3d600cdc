import { seedOf } from '../random.ts'
import { normalStream } from './normal-stream.ts'
import { uniformStream } from './uniform-stream.ts'

/**
 * Fresh weights by name: biases 0, other vectors (norm weights) 1, matrices N(0, std). Each tensor has random numbers
 * of its own name, so adding one changes no other.
 * @param stdOf - standard deviation of a matrix
 */
export function initializeWeights(
  shapes: Record<string, number[]>,
  seed: number,
  stdOf: (name: string) => number,
): Record<string, Float32Array> {
  const weights: Record<string, Float32Array> = {}
  for (const [name, shape] of Object.entries(shapes)) weights[name] = initializeTensor(name, shape, seed, stdOf)
  return weights
}

function initializeTensor(name: string, shape: number[], seed: number, stdOf: (name: string) => number): Float32Array {
  const size = shape.reduce((product, axis) => product * axis, 1)
  if (name.endsWith('.bias')) return new Float32Array(size)
  if (shape.length === 1) return new Float32Array(size).fill(1)
  return normals(size, seed, name, stdOf(name))
}

/** N(0, std), by seed and name. */
export function normals(size: number, seed: number, name: string, std: number): Float32Array {
  const next = normalStream(seed, seedOf(name))
  const values = new Float32Array(size)
  for (let i = 0; i < size; i++) values[i] = std * next()
  return values
}

/** Uniform in [−bound, bound), by seed and name. */
export function uniforms(size: number, seed: number, name: string, bound: number): Float32Array {
  const next = uniformStream(seed, seedOf(name))
  return Float32Array.from({ length: size }, () => bound * (2 * next() - 1))
}
