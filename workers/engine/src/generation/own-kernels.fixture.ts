import { tinyFamily } from '../models/families.fixture.ts'
import { random } from '../random.ts'
import { tf } from '../runtime/index.ts'
import { type Storage, TracedProgram } from '../tracing/index.ts'
import { decodingPrecision } from './decoding-precision.ts'
import { cachedAttend, cacheVariables } from './kv-cache.ts'

const drawn = (seed: number, size: number) => Float32Array.from({ length: size }, (_, i) => random(seed, i, 0) * 2 - 1)

/** x (rows, inner) times w, of `outer` outputs, in each layout. */
export async function products(kernels: boolean, storage: Storage, sizes: [number, number, number]) {
  const [rows, inner, outer] = sizes
  const program = new TracedProgram({ kernels })
  const precision = decodingPrecision(storage)
  const inputs = { x: { shape: [rows, inner], dtype: 'float32' } } as const
  await program.addVariables({
    rows: { shape: [outer, inner], dtype: 'float32', storage, data: drawn(2, outer * inner) },
    columns: { shape: [inner, outer], dtype: 'float32', storage, data: drawn(3, outer * inner) },
  })
  const run = program.define('products', { inputs, precision }, (weights, { x }) => ({
    rows: tf.matMul(x, weights.rows as never, false, true),
    columns: tf.matMul(x, weights.columns as never),
    sigmoid: tf.sigmoid(x),
  }))
  const outputs = await run({ x: drawn(1, rows * inner) })
  program.close()
  return [outputs.rows, outputs.columns, outputs.sigmoid].map(({ data }) => Array.from(data))
}

/** Two parts of three sequences after one another, the second with another slot order and a window. */
export async function attended(kernels: boolean, storage: 'fp32' | 'bf16') {
  const model = tinyFamily('llama')
  const { nHead, nKvHead, headDim } = model
  const cache = { name: 'cache', slots: 4, length: 24, storage }
  const program = new TracedProgram({ kernels })
  await program.addVariables(cacheVariables(cache, model))
  const results: number[][] = []
  for (const [part, { tokens, slots, starts, counts, window }] of parts.entries()) {
    const sizes = { q: nHead, k: nKvHead, v: nKvHead }
    const places = { slots, starts, counts }
    const shaped = (heads: number) => ({ shape: [slots.length, heads, tokens, headDim], dtype: 'float32' as const })
    const whole = { shape: [slots.length], dtype: 'int32' as const }
    const inputs = { q: shaped(sizes.q), k: shaped(sizes.k), v: shaped(sizes.v), slots: whole, starts: whole, counts: whole } // biome-ignore format: one row
    const attend = program.define(`attend/${part}`, { inputs }, (variables, tensors) => {
      const { q, k, v } = tensors
      return { out: cachedAttend(cache, model, variables, tensors)(0, q, k, v, window) }
    })
    const values = (seed: number, heads: number) => drawn(seed + part, slots.length * heads * tokens * headDim)
    const feeds = Object.fromEntries(Object.entries(places).map(([name, list]) => [name, Int32Array.from(list)]))
    const { out } = await attend({
      q: values(10, nHead),
      k: values(20, nKvHead),
      v: values(30, nKvHead),
      ...feeds,
    } as never)
    results.push(realOf(out.data, { tokens, counts, nHead, headDim }))
  }
  program.close()
  return results
}

const parts = [
  { tokens: 5, slots: [0, 2, 3], starts: [0, 0, 0], counts: [5, 3, 4], window: undefined },
  { tokens: 4, slots: [3, 0, 2], starts: [4, 5, 3], counts: [4, 1, 2], window: 3 },
  { tokens: 1, slots: [2, 3], starts: [5, 8], counts: [1, 1], window: undefined },
]

/** Outputs of tokens that are no padding. */
function realOf(
  data: ArrayLike<number>,
  { tokens, counts, nHead, headDim }: { tokens: number; counts: number[]; nHead: number; headDim: number },
): number[] {
  return Array.from(data).filter((_, i) => {
    const token = Math.floor(i / headDim) % tokens
    return token < (counts[Math.floor(i / (headDim * tokens * nHead))] ?? 0)
  })
}

/** Prints what a child process with another set of instructions computes. */
export async function print(): Promise<void> {
  const fp32 = await products(true, 'fp32', [9, 63, 97])
  const bf16 = await products(true, 'bf16', [9, 63, 97])
  const int8 = await products(true, 'int8', [9, 63, 97])
  process.stdout.write(JSON.stringify({ fp32, bf16, int8, attended: await attended(true, 'bf16') }))
}
