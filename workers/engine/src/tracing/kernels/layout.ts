import { tf } from '../../runtime/tf.ts'
import type { Shape, Value } from '../value.ts'
import { type KernelTable, kernel } from './kernel.ts'

interface X {
  x: Value
}

function axisOf(shape: Shape, axis: number): number {
  return axis < 0 ? axis + shape.length : axis
}

/** Operations that move elements and never change them: bf16 stays bf16. */
export const layout: KernelTable = {
  Identity: kernel<X>((_, { x }) => x, 'own'),
  Reshape: kernel<X, { shape: number[] }>((graph, { x }, { shape }) => {
    return graph.reshape(x, tf.util.inferFromImplicitShape(shape, tf.util.sizeFromShape([...x.shape])))
  }, 'own'),
  ExpandDims: kernel<{ input: Value }, { dim: number }>((graph, { input }, { dim }) => {
    const shape = [...input.shape]
    shape.splice(dim < 0 ? dim + shape.length + 1 : dim, 0, 1)
    return graph.reshape(input, shape)
  }, 'own'),
  Transpose: kernel<X, { perm: number[] }>((graph, { x }, { perm }) => {
    if (perm.every((source, i) => source === i)) return x
    const shape = perm.map((source) => x.shape[source] ?? 1)
    if (x.uniform !== undefined) return graph.uniform(x.uniform, shape, x.type)
    if (perm.join() === '0,2,1,3') return graph.swapped(x)
    return graph.emit('Transpose', [x, graph.ints(perm)], { T: x.type, Tperm: 'int32' }, { type: x.type, shape })
  }, 'own'),
  Tile: kernel<X, { reps: number[] }>((graph, { x }, { reps }) => {
    const shape = x.shape.map((dimension, i) => dimension * (reps[i] ?? 1))
    if (reps.every((count, i) => count === 1 || x.shape[i] === 1)) return graph.broadcast(x, shape)
    return graph.emit('Tile', [x, graph.ints(reps)], { T: x.type, Tmultiples: 'int32' }, { type: x.type, shape })
  }, 'own'),
  Slice: kernel<X, { begin: number | number[]; size: number | number[] }>((graph, { x }, attrs) => {
    const [begin = [], size = []] = tf.slice_util.parseSliceParams(asTensorInfo(x), attrs.begin, attrs.size)
    if (size.every((length, i) => length === x.shape[i])) return x
    const inputs = [x, graph.ints(begin), graph.ints(size)]
    return graph.emit('Slice', inputs, { T: x.type, Index: 'int32' }, { type: x.type, shape: size })
  }, 'own'),
  StridedSlice: kernel<X, StridedSliceAttrs>((graph, { x }, attrs) => {
    const { begin, end, strides, beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask } = attrs
    const masks = [beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask] as const
    const { finalShape: shape } = tf.slice_util.sliceInfo([...x.shape], begin, end, strides, ...masks)
    const names = ['begin_mask', 'end_mask', 'ellipsis_mask', 'new_axis_mask', 'shrink_axis_mask']
    const maskAttrs = Object.fromEntries(names.map((name, i) => [name, { int: masks[i] ?? 0 }]))
    const inputs = [x, graph.ints(begin), graph.ints(end), graph.ints(strides)]
    return graph.emit('StridedSlice', inputs, { T: x.type, Index: 'int32', ...maskAttrs }, { type: x.type, shape })
  }, 'own'),
  Concat: kernel<Value[], { axis: number }>((graph, inputs, { axis }) => {
    const parts = inputs.filter((input) => !input.shape.includes(0))
    const [first] = parts.length > 0 ? parts : inputs
    if (!first || parts.length <= 1) return first ?? []
    const along = axisOf(first.shape, axis)
    const joined = along === first.shape.length - 1 && graph.joined(parts)
    const shape = first.shape.map((size, i) =>
      i === along ? parts.reduce((sum, p) => sum + (p.shape[i] ?? 0), 0) : size,
    )
    if (joined) return graph.reshape(joined, shape)
    const attrs = { N: { int: parts.length }, T: first.type, Tidx: 'int32' as const }
    return graph.emit('ConcatV2', [...parts, graph.ints(along)], attrs, { type: first.type, shape })
  }, 'follow'),
  SplitV: kernel<X, { numOrSizeSplits: number | number[]; axis: number }>((graph, { x }, attrs) => {
    const axis = axisOf(x.shape, attrs.axis)
    const sizes = tf.backend_util.prepareSplitSize(asTensorInfo(x), attrs.numOrSizeSplits, axis)
    if (axis === x.shape.length - 1) return graph.parts(x, sizes)
    const results = sizes.map((size) => ({ type: x.type, shape: x.shape.map((d, i) => (i === axis ? size : d)) }))
    const nodeAttrs = { num_split: { int: sizes.length }, T: x.type, Tlen: 'int32' as const }
    return graph.emitAll('SplitV', [x, graph.ints(sizes), graph.ints(axis)], nodeAttrs, results)
  }, 'own'),
  Pack: kernel<Value[], { axis: number }>((graph, inputs, { axis }) => {
    const [first] = inputs
    if (!first) return []
    const shape = [...first.shape]
    const at = axis < 0 ? axis + shape.length + 1 : axis
    shape.splice(at, 0, inputs.length)
    const attrs = { N: { int: inputs.length }, T: first.type, axis: { int: at } }
    return graph.emit('Pack', inputs, attrs, { type: first.type, shape })
  }, 'follow'),
  Unpack: kernel<{ value: Value }, { axis: number }>((graph, { value }, { axis }) => {
    const at = axisOf(value.shape, axis)
    const count = value.shape[at] ?? 0
    const result = { type: value.type, shape: value.shape.filter((_, i) => i !== at) }
    const attrs = { num: { int: count }, T: value.type, axis: { int: at } }
    return graph.emitAll('Unpack', [value], attrs, Array(count).fill(result))
  }, 'own'),
  PadV2: kernel<X, { paddings: [number, number][]; constantValue: number }>((graph, { x }, attrs) => {
    const { paddings, constantValue } = attrs
    const shape = x.shape.map((size, i) => size + (paddings[i]?.[0] ?? 0) + (paddings[i]?.[1] ?? 0))
    const table = graph.constant(Int32Array.from(paddings.flat()), [paddings.length, 2], 'int32')
    const inputs = [x, table, graph.uniform(constantValue, [], x.type)]
    return graph.emit('PadV2', inputs, { T: x.type, Tpaddings: 'int32' }, { type: x.type, shape })
  }, 'own'),
  Reverse: kernel<X, { dims: number | number[] }>((graph, { x }, { dims }) => {
    const axes = tf.util.parseAxisParam(dims, [...x.shape])
    return graph.emit('ReverseV2', [x, graph.ints(axes)], { T: x.type, Tidx: 'int32' }, x)
  }, 'own'),
}

interface StridedSliceAttrs {
  begin: number[]
  end: number[]
  strides: number[]
  beginMask: number
  endMask: number
  ellipsisMask: number
  newAxisMask: number
  shrinkAxisMask: number
}

/** tfjs' helpers take tensors but read their shape alone. */
function asTensorInfo(x: Value) {
  const shape = [...x.shape]
  return {
    shape,
    rank: shape.length,
    dtype: 'float32',
    dataId: {},
  } as unknown as import('@tensorflow/tfjs-node-gpu').Tensor
}
