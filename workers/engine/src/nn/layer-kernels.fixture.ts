import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { random } from '../random.ts'
import { tf } from '../runtime/tf.ts'
import { gradients, TracedProgram } from '../tracing/index.ts'
import { gatedSilu, geluNew } from './activations.ts'
import { layerNorm, rmsNorm } from './norm.ts'
import { applyRope, ropeRotation } from './rope.ts'

/** Rows R and width D of what is computed: less than a vector, whole vectors, some left over, more rows than a block. */
export const layerSizes = [
  [1, 3],
  [5, 16],
  [33, 37],
  [70, 576],
] as const

/** Rows as tokens of two heads one after another, at positions that no two share; an odd last place stays as it is. */
function rotated(x: Tensor): Tensor {
  const [rows, width] = x.shape as [number, number]
  const half = Math.floor(width / 2)
  const heads = rows % 2 === 0 ? 2 : 1
  const length = rows / heads
  const positions = tf.range(3, 3 + length, 1, 'int32').reshape([1, length])
  const rotation = ropeRotation(
    positions,
    Float32Array.from({ length: half }, (_, i) => 1 / (i + 1)),
  )
  const turned = applyRope(x.slice([0, 0], [rows, 2 * half]).reshape([1, heads, length, 2 * half]), rotation)
  const last = x.slice([0, 2 * half], [rows, width - 2 * half])
  return width % 2 ? tf.concat([turned.reshape([rows, 2 * half]), last], 1) : turned.reshape([rows, width])
}

type Parts = Record<'x' | 'other' | 'weight' | 'bias', Tensor>

/** What a layer computes of x, other (R, D), weight and bias (D), and which of them it reads. */
export const layerParts: Record<string, { reads: (keyof Parts)[]; of(parts: Parts): Tensor }> = {
  geluNew: { reads: ['x'], of: ({ x }) => geluNew(x) },
  gatedSilu: { reads: ['x', 'other'], of: ({ x, other }) => gatedSilu(x, other) },
  layerNorm: { reads: ['x', 'weight', 'bias'], of: ({ x, weight, bias }) => layerNorm(x, weight, bias, 1e-5) },
  rmsNorm: { reads: ['x', 'weight'], of: ({ x, weight }) => rmsNorm(x, weight, 1e-5) },
  rope: { reads: ['x'], of: ({ x }) => rotated(x) },
  bias: { reads: ['x', 'bias'], of: ({ x, bias }) => product(x.add(bias)) },
}

/** Between −9 and 9, and some so far from 0 that their exponentials overflow or vanish. */
const drawn = (seed: number, size: number) =>
  Float32Array.from({ length: size }, (_, i) => (i % 97 === 13 ? (i % 2 ? 120 : -120) : random(seed, i) * 18 - 9))

/** Numbers that bf16 holds too. */
const held = (values: Float32Array) => {
  const bits = new Uint32Array(values.buffer)
  for (const [i, value] of bits.entries()) bits[i] = value & 0xffff0000
  return values
}

/** What `x` (R, D) is after a product in the precision of the program: itself, held in 16 bits. */
const product = (x: Tensor) => {
  const places = tf.range(0, x.shape[0] ?? 0, 1, 'int32')
  return tf.matMul(tf.equal(places.expandDims(1), places).cast('float32'), x, true)
}

interface By {
  kernels?: boolean
  /** Of x and other: what comes out of products. */
  precision?: 'fp32' | 'bf16'
}

/** Values and gradients of a loss that weighs each value, by our kernels or without. */
export async function layerPart(
  name: string,
  [rows, width]: readonly [number, number],
  { kernels = true, precision = 'fp32' }: By = {},
) {
  const { reads, of } = layerParts[name] as (typeof layerParts)[string]
  const program = new TracedProgram({ kernels })
  const shapes = { x: [rows, width], other: [rows, width], weight: [width], bias: [width], dY: [rows, width] }
  const inputs = Object.fromEntries(
    Object.entries(shapes).map(([key, shape]) => [key, { shape, dtype: 'float32' as const }]),
  ) as Record<keyof typeof shapes, { shape: number[]; dtype: 'float32' }>
  const run = program.define('run', { inputs, precision }, (_, { dY, ...parts }) => {
    const y = () => of({ ...parts, x: product(parts.x), other: product(parts.other) })
    const { grads } = gradients(() => y().mul(dY).sum(), Object.fromEntries(reads.map((key) => [key, parts[key]])))
    return { y: y(), ...(grads as Record<string, Tensor>) }
  })
  const feeds = Object.entries(shapes).map(([key, shape], seed) => [
    key,
    held(
      drawn(
        seed,
        shape.reduce((a, b) => a * b),
      ),
    ),
  ])
  const outputs = await run(Object.fromEntries(feeds))
  program.close()
  return Object.fromEntries(Object.entries(outputs).map(([key, { data }]) => [key, Array.from(data)]))
}

/** Prints what a child process, with other threads or instructions, computes. */
export async function print(): Promise<void> {
  const found: Record<string, Record<string, number[]>> = {}
  for (const name of Object.keys(layerParts)) {
    for (const size of layerSizes) {
      for (const precision of ['fp32', 'bf16'] as const) {
        found[`${name} ${size} ${precision}`] = await layerPart(name, size, { precision })
      }
    }
  }
  process.stdout.write(JSON.stringify(found))
}
