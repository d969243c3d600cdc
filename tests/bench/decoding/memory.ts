import { decodingPrecision } from '@temper/engine/generation'
import type { Model } from '@temper/engine/models'
import { tf } from '@temper/engine/runtime'
import { type Storage, TracedProgram, type VariableSpec } from '@temper/engine/tracing'
import { timed } from '../works/work.ts'

const floats = 2 ** 26
const reads = 10

/** Bytes a second that TensorFlow reads with all its threads: it sums a float32 variable of 256 MiB, the best of 10. */
export async function readBandwidth(): Promise<number> {
  const program = new TracedProgram()
  try {
    await program.addVariables({ block: { shape: [floats], dtype: 'float32' } })
    const sum = program.define('sum', { inputs: {} }, ({ block }) => ({
      sum: tf.sum(block as NonNullable<typeof block>),
    }))
    const readsMs: number[] = []
    for (let read = 0; read < reads; read++) readsMs.push(await timed(() => sum({})))
    return (4 * floats) / (Math.min(...readsMs) / 1000)
  } finally {
    program.close()
  }
}

/** Bytes that a step of `sequences` must read: the weights once, and of each sequence what it `held` so far. */
export function stepBytes(model: Model, storage: Storage, { sequences, held }: { sequences: number; held: number }) {
  // Of the table of positions, a step reads one row a sequence.
  const read = Object.entries(model.parameterShapes).filter(([name]) => !name.endsWith('wpe.weight'))
  const weights = read.reduce((sum, [, shape]) => sum + sizeOf(shape), 0)
  const cached = 2 * model.nLayer * model.nKvHead * model.headDim * held * sequences
  return weights * bytesOf(storage) + cached * bytesOf(decodingPrecision(storage))
}

/** A program that knows what its key/value caches take. */
export class MeteredProgram extends TracedProgram {
  cacheBytes = 0

  override async addVariables(specs: Record<string, VariableSpec>): Promise<void> {
    const caches = Object.entries(specs).filter(([name]) => name.startsWith('cache/'))
    this.cacheBytes += caches.reduce((sum, [, { shape, storage }]) => sum + sizeOf(shape) * bytesOf(storage), 0)
    await super.addVariables(specs)
  }
}

const sizeOf = (shape: readonly number[]) => shape.reduce((size, dimension) => size * dimension, 1)
const bytesOf = (storage: Storage = 'fp32') => ({ fp32: 4, bf16: 2, int8: 1 })[storage]
