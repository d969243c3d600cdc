import { normal, seedOf } from '../random.ts'

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
  const stream = seedOf(name)
  const std = stdOf(name)
  return Float32Array.from({ length: size }, (_, i) => std * normal(seed, stream, i))
}
