import { createHash } from 'node:crypto'
import { openSafetensors, writeSafetensors } from '../checkpoint/index.ts'
import type { Pair } from './pairs.ts'

/** Names the tokens of pairs, and which of them are trained: data, template, tokenizer and cut in one. */
export function digestOfPairs(pairs: readonly Pair[]): string {
  const hash = createHash('sha256')
  for (const { chosen, rejected } of pairs) {
    for (const { ids, lossMask } of [chosen, rejected]) {
      hash.update(JSON.stringify([ids, lossMask.map(Number)]))
    }
  }
  return hash.digest('hex')
}

/** Values of a file that were computed of these very pairs; undefined where it is of others. */
export async function readReference(file: string, digest: string): Promise<Float32Array | undefined> {
  const opened = await openSafetensors(file)
  try {
    return opened.metadata.pairs === digest ? await opened.float32('reference') : undefined
  } finally {
    await opened.close()
  }
}

export function writeReference(file: string, digest: string, values: Float32Array): Promise<void> {
  const tensors = { reference: { shape: [values.length], data: values } }
  return writeSafetensors(file, tensors, { metadata: { pairs: digest } })
}
