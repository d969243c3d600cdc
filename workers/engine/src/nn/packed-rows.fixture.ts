import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { random } from '../random.ts'
import { tf } from '../runtime/tf.ts'
import { EagerProgram, gradients, type Program, packedAttention, TracedProgram } from '../tracing/index.ts'
import { tiledAttention, tiledGradients } from '../tracing/ops/attention-tiles.ts'
import { attention } from './attention.ts'

/** Segments of a row in their order: tokens, and which earlier one it continues (from 1). What is left is padding. */
export interface Segment {
  length: number
  parent?: number
}

export interface AttentionCase {
  rows: Segment[][]
  length: number
  heads?: number
  kvHeads?: number
  headDim?: number
  window?: number
}

const once = (length: number): Segment => ({ length })

export const attentionCases: Record<string, AttentionCase> = {
  'one token': { rows: [[once(1)]], length: 1 },
  'a whole row': { rows: [[once(64)], [once(64)]], length: 64 },
  'a length that is no multiple of a tile': { rows: [[once(150)]], length: 150, headDim: 16 },
  'short segments and padding': { rows: [[once(3), once(20), once(70), once(9)], [once(1)], []], length: 131 },
  'heads that share keys': { rows: [[once(40), once(50)]], length: 101, heads: 6, kvHeads: 2, headDim: 10 },
  'a window': { rows: [[once(90), once(7)], [once(33)]], length: 100, window: 5 },
  'a window longer than a tile': { rows: [[once(200)]], length: 203, window: 77, heads: 2, kvHeads: 1 },
  'two completions of a prompt': {
    rows: [
      [once(66), { length: 9, parent: 1 }, { length: 80, parent: 1 }, once(5), { length: 3, parent: 4 }],
      [once(1), { length: 70, parent: 1 }, { length: 1, parent: 1 }],
    ],
    length: 170,
    heads: 4,
    kvHeads: 2,
  },
  'two completions of a prompt under a window': {
    rows: [[once(70), { length: 12, parent: 1 }, { length: 75, parent: 1 }, once(2), { length: 9, parent: 4 }]],
    length: 170,
    window: 11,
  },
}

/** int32 (B, T) each. */
function placesOf({ rows, length }: AttentionCase) {
  const places = { segments: [] as number[][], parents: [] as number[][], positions: [] as number[][] }
  for (const row of rows) {
    const ends: number[] = []
    const [segments, parents, positions]: [number[], number[], number[]] = [[], [], []]
    for (const [i, { length: size, parent }] of row.entries()) {
      const first = parent === undefined ? 0 : (ends[parent - 1] ?? Number.NaN)
      ends.push(first + size)
      for (let at = 0; at < size; at++) {
        segments.push(i + 1)
        parents.push(parent ?? i + 1)
        positions.push(first + at)
      }
    }
    const padded = (values: number[]) => [...values, ...Array(length - values.length).fill(0)]
    places.segments.push(padded(segments))
    places.parents.push(padded(parents))
    places.positions.push(padded(positions))
  }
  return places
}

/** Subtracted from the scores of one row, by the rule itself: token by token. */
function maskOf(example: AttentionCase): Tensor {
  const { segments, parents, positions } = placesOf(example)
  const { length, window = Number.POSITIVE_INFINITY } = example
  const sees = (row: number, i: number, j: number) => {
    const [segment, other] = [segments[row]?.[i], segments[row]?.[j]]
    if (j > i || (segment === 0 && i !== j)) return false
    if (other !== segment && other !== parents[row]?.[i]) return false
    return (positions[row]?.[i] ?? 0) - (positions[row]?.[j] ?? 0) < window
  }
  const mask = segments.map((_, row) => [
    Array.from({ length }, (_, i) => Array.from({ length }, (_, j) => (sees(row, i, j) ? 0 : 1e9))),
  ])
  return tf.tensor4d(mask)
}

const drawn = (seed: number, size: number) => Float32Array.from({ length: size }, (_, i) => random(seed, i) * 4 - 2)

export type AttentionForm = 'kernel' | 'tiles' | 'eager' | 'plain'
type Outputs = Record<'out' | 'q' | 'k' | 'v', number[]>

/** Outputs and gradients of a loss that weighs each of them. `tiles` are of 16 tokens. */
export async function attendedBy(
  form: AttentionForm,
  example: AttentionCase,
  precision: 'fp32' | 'bf16' = 'fp32',
): Promise<Outputs> {
  const { rows, length, heads = 2, kvHeads = heads, headDim = 8, window } = example
  const program: Program = form === 'eager' ? new EagerProgram() : new TracedProgram({ kernels: form === 'kernel' })
  const batch = rows.length
  const [wide, shared] = [
    [batch, heads, length, headDim],
    [batch, kvHeads, length, headDim],
  ] as const
  const floats = (shape: readonly number[]) => ({ shape, dtype: 'float32' as const })
  const grid = { shape: [batch, length], dtype: 'int32' as const }
  const inputs = { q: floats(wide), k: floats(shared), v: floats(shared), dOut: floats(wide), segments: grid, parents: grid, positions: grid } // biome-ignore format: one row
  const run = program.define('run', { inputs, precision }, (_, { q, k, v, dOut, parents, ...places }) => {
    const continued = rows.flat().some(({ parent }) => parent !== undefined)
    const call = { q, k, v, ...places, ...(continued ? { parents } : {}), window }
    if (form === 'tiles') {
      const attended = tiledAttention(call, 16)
      const { dQ, dK, dV } = tiledGradients(call, attended, dOut, 16)
      return { out: attended.out, q: dQ, k: dK, v: dV }
    }
    const attend = () => (form === 'plain' ? attention(q, k, v, maskOf(example)) : packedAttention(call))
    const { grads } = gradients(() => attend().mul(dOut).sum(), { q, k, v })
    return { out: attend(), q: grads.q as Tensor, k: grads.k as Tensor, v: grads.v as Tensor }
  })
  const sizes = [wide, shared, shared, wide].map((shape) => shape.reduce((a, b) => a * b))
  const [q, k, v, dOut] = sizes.map((size, i) => drawn(i, size)) as [Float32Array, Float32Array, Float32Array, Float32Array] // biome-ignore format: one row
  const flat = (values: number[][]) => Int32Array.from(values.flat())
  const { segments, parents, positions } = placesOf(example)
  const places = { segments: flat(segments), parents: flat(parents), positions: flat(positions) }
  const outputs = await run({ q, k, v, dOut, ...places })
  program.close()
  return Object.fromEntries(Object.entries(outputs).map(([key, { data }]) => [key, Array.from(data)])) as Outputs
}

/** Prints what a child process, with other threads or instructions, computes. */
export async function print(): Promise<void> {
  const results: Record<string, Outputs> = {}
  for (const [name, example] of Object.entries(attentionCases)) results[name] = await attendedBy('kernel', example)
  process.stdout.write(JSON.stringify(results))
}
