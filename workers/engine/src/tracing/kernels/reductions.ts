import { tf } from '../../runtime/tf.ts'
import type { Graph } from '../graph.ts'
import { type GraphType, isFloat, isNarrow, type Shape, type Value } from '../value.ts'
import { sizeOf } from '../values.ts'
import { type KernelTable, kernel } from './kernel.ts'

interface Attrs {
  axis?: number | number[] | null
  reductionIndices?: number | number[]
  keepDims?: boolean
}

/** Shape after reducing `axes`, which are not negative. */
function reducedShape(shape: Shape, axes: readonly number[], keepDims: boolean): Shape {
  if (keepDims) return shape.map((dimension, i) => (axes.includes(i) ? 1 : dimension))
  return shape.filter((_, i) => !axes.includes(i))
}

function axesOf(shape: Shape, axis: number | number[] | null | undefined): number[] {
  return tf.util.parseAxisParam(axis ?? shape.map((_, i) => i), [...shape])
}

function reduce(op: string, type?: GraphType) {
  return kernel<{ x: Value }, Attrs>((graph, { x }, { axis, reductionIndices, keepDims = false }) => {
    const axes = axesOf(x.shape, axis ?? reductionIndices)
    const shape = reducedShape(x.shape, axes, keepDims)
    if (axes.every((i) => x.shape[i] === 1)) return graph.reshape(x, shape)
    const attrs = { ...(type === 'bool' ? {} : { T: x.type }), Tidx: 'int32' as const, keep_dims: keepDims }
    return graph.emit(op, [x, graph.ints(axes)], attrs, { type: x.type, shape })
  })
}

const plainSum = reduce('Sum')

/** Over leading axes, of a matrix of any type by our kernel; TensorFlow's sums are of fp32. */
const sum = kernel<{ x: Value }, Attrs>((graph, { x }, attrs) => {
  const axes = axesOf(x.shape, attrs.axis ?? attrs.reductionIndices)
  const own = graph.kernels && isFloat(x.type) && x.type !== 'float16' && isLeading(axes, x)
  if (!own) return plainSum.emit(graph, { x: isNarrow(x.type) ? graph.cast(x, 'float32') : x }, attrs)
  const kept = x.shape.slice(axes.length)
  const matrix = graph.reshape(x, [sizeOf(x.shape.slice(0, axes.length)), sizeOf(kept)])
  const sums = graph.emit('TemperColumnSums', [matrix], { T: x.type }, { type: 'float32', shape: [sizeOf(kept)] })
  return graph.reshape(sums, reducedShape(x.shape, axes, attrs.keepDims ?? false))
}, 'own')

/** Whether all axes but some last ones are summed over, and those are as long as to be worth a kernel. */
function isLeading(axes: readonly number[], { shape, uniform, base }: Value): boolean {
  const known = uniform !== undefined || base
  return (
    !known &&
    axes.length < shape.length &&
    axes.every((axis, i) => axis === i) &&
    sizeOf(shape.slice(axes.length)) >= 16
  )
}

function argument(op: string) {
  return kernel<{ x: Value }, { axis: number | number[] }>((graph, { x: given }, { axis }) => {
    const x = given.type === 'bool' ? graph.cast(given, 'int32') : given
    const axes = axesOf(x.shape, axis)
    const shape = reducedShape(x.shape, axes, false)
    const attrs = { T: x.type, Tidx: 'int32' as const, output_type: 'int32' as const }
    return graph.emit(op, [x, graph.ints(axes[0] ?? 0)], attrs, { type: 'int32', shape })
  })
}

function cumulative(op: string) {
  return kernel<{ x: Value }, { axis: number; exclusive: boolean; reverse: boolean }>((graph, { x }, attrs) => {
    const { axis, exclusive, reverse } = attrs
    return graph.emit(op, [x, graph.ints(axis)], { exclusive, reverse, T: x.type, Tidx: 'int32' }, x)
  })
}

export const reductions: KernelTable = {
  Sum: sum,
  Mean: reduce('Mean'),
  Max: reduce('Max'),
  Min: reduce('Min'),
  Prod: reduce('Prod'),
  All: reduce('All', 'bool'),
  Any: reduce('Any', 'bool'),
  ArgMax: argument('ArgMax'),
  ArgMin: argument('ArgMin'),
  Cumsum: cumulative('Cumsum'),
  Cumprod: cumulative('Cumprod'),
  TopK: kernel<{ x: Value }, { k: number; sorted: boolean }>((graph, { x }, { k, sorted }) => {
    const shape = [...x.shape.slice(0, -1), k]
    const results = [{ type: x.type, shape }, { type: 'int32' as const, shape }] // biome-ignore format: pair
    return graph.emitAll('TopKV2', [x, graph.ints(k)], { T: x.type, sorted }, results)
  }),
  Softmax: kernel<{ logits: Value }>((graph, { logits }) => softmax(graph, logits)),
}

function softmax(graph: Graph, logits: Value): Value {
  return graph.emit('Softmax', [logits], { T: logits.type }, logits)
}
