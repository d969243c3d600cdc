import type { Graph } from '../graph.ts'
import type { GraphType, Shape, Value } from '../value.ts'
import { sizeOf } from '../values.ts'
import { type KernelTable, kernel } from './kernel.ts'

const indices32 = { Tindices: 'int32' as const }

/** Rows of a matrix of int8, in float32: the others stay as they are. */
function gatherQuantized(graph: Graph, { values, scales }: NonNullable<Value['quantized']>, indices: Value): Value {
  const rowsOf = (x: Value, shape: Shape) => {
    const types = { Tparams: x.type, ...indices32, Taxis: 'int32' as const, batch_dims: { int: 0 } }
    return graph.emit('GatherV2', [x, indices, graph.ints(0)], types, { type: x.type, shape })
  }
  const rows = rowsOf(values, [...indices.shape, values.shape[1] ?? 0])
  const factors = graph.reshape(rowsOf(scales, indices.shape), [...indices.shape, 1])
  return graph.emit(
    'Mul',
    [graph.cast(rows, 'float32'), factors],
    { T: 'float32' },
    { type: 'float32', shape: rows.shape },
  )
}

/** Operations that choose, place or add up rows by index. */
export const indexing: KernelTable = {
  GatherV2: kernel<{ x: Value; indices: Value }, { axis: number; batchDims: number }>(
    (graph, { x, indices }, attrs) => {
      const { axis, batchDims = 0 } = attrs
      const along = axis < 0 ? axis + x.shape.length : axis
      if (x.quantized && along === 0 && batchDims === 0) return gatherQuantized(graph, x.quantized, indices)
      const shape = [...x.shape.slice(0, along), ...indices.shape.slice(batchDims), ...x.shape.slice(along + 1)]
      const types = { Tparams: x.type, ...indices32, Taxis: 'int32' as const, batch_dims: { int: batchDims } }
      return graph.emit('GatherV2', [x, indices, graph.ints(along)], types, { type: x.type, shape })
    },
    'own',
  ),
  GatherNd: kernel<{ params: Value; indices: Value }>((graph, { params, indices }) => {
    const depth = indices.shape.at(-1) ?? 0
    const shape = [...indices.shape.slice(0, -1), ...params.shape.slice(depth)]
    return graph.emit(
      'GatherNd',
      [params, indices],
      { Tparams: params.type, ...indices32 },
      { type: params.type, shape },
    )
  }, 'own'),
  ScatterNd: kernel<{ indices: Value; updates: Value }, { shape: number[] }>(
    (graph, { indices, updates }, { shape }) => {
      const inputs = [indices, updates, graph.ints(shape)]
      return graph.emit('ScatterNd', inputs, { T: updates.type, ...indices32 }, { type: updates.type, shape })
    },
  ),
  TensorScatterUpdate: kernel<{ tensor: Value; indices: Value; updates: Value }>(
    (graph, { tensor, indices, updates }) =>
      graph.emit('TensorScatterUpdate', [tensor, indices, updates], { T: tensor.type, ...indices32 }, tensor),
    'follow',
  ),
  UnsortedSegmentSum: kernel<{ x: Value; segmentIds: Value }, { numSegments: number }>((graph, inputs, attrs) => {
    const { x, segmentIds } = inputs
    const shape = [attrs.numSegments, ...x.shape.slice(segmentIds.shape.length)]
    const types = { T: x.type, ...indices32, Tnumsegments: 'int32' as const }
    const operands = [x, segmentIds, graph.ints(attrs.numSegments)]
    const whole = () => graph.emit('UnsortedSegmentSum', operands, types, { type: x.type, shape })
    if (shape.length !== 2) return whole()
    const count = sizeOf(segmentIds.shape)
    const scattered = { rows: graph.reshape(x, [count, shape[1] ?? 1]), ids: graph.reshape(segmentIds, [count]) }
    return graph.scattered({ type: x.type, shape }, scattered, whole)
  }),
  OneHot: kernel<{ indices: Value }, { depth: number; onValue: number; offValue: number; dtype?: GraphType }>(
    (graph, { indices }, { depth, onValue, offValue, dtype: type = 'float32' }) => {
      const inputs = [indices, graph.ints(depth), graph.uniform(onValue, [], type), graph.uniform(offValue, [], type)]
      const attrs = { T: type, TI: indices.type, axis: { int: -1 } }
      return graph.emit('OneHot', inputs, attrs, { type, shape: [...indices.shape, depth] })
    },
  ),
}
