import { createHash } from 'node:crypto'

/** sha256 (hex) of weights by name: the same whatever files they are stored in. */
export function weightsDigest(tensors: Record<string, Float32Array>): string {
  const hash = createHash('sha256')
  for (const name of Object.keys(tensors).sort()) {
    const values = tensors[name] ?? new Float32Array()
    hash.update(`${name}\0${values.length}\0`)
    hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
  }
  return hash.digest('hex')
}
