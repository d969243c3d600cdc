import type { StoredTensor } from '../models/index.ts'
import type { TensorToRead, TensorToWrite } from './write-safetensors.ts'

/** The tensors that a parameter is stored as, by name, from its values or from what reads them. */
export function storedParts(
  parts: readonly StoredTensor[],
  values: Float32Array | (() => Promise<Float32Array>),
): [string, TensorToWrite | TensorToRead][] {
  const read = typeof values === 'function' ? readOnce(values, parts.length) : undefined
  let end = 0
  return parts.map(({ name, shape }, i) => {
    const start = end
    end += shape.reduce((product, axis) => product * axis, 1)
    // The last part takes what is left, so that values of a wrong size are refused where it is written.
    const limit = i === parts.length - 1 ? undefined : end
    if (read) return [name, { shape, read: async () => (await read()).subarray(start, limit) }]
    return [name, { shape, data: (values as Float32Array).subarray(start, limit) }]
  })
}

/** Reads for the first of `uses` calls, and lets go of the values at the last. */
function readOnce(read: () => Promise<Float32Array>, uses: number): () => Promise<Float32Array> {
  let held: Promise<Float32Array> | undefined
  let left = uses
  return () => {
    const values = held ?? read()
    left--
    held = left > 0 ? values : undefined
    return values
  }
}
