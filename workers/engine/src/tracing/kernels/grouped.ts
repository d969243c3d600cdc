import type { Graph } from '../graph.ts'
import { groupedMatMulKernel, groupedOuterKernel } from '../ops/grouped-mat-mul.ts'
import type { Value } from '../value.ts'
import { type KernelTable, kernel } from './kernel.ts'

/**
 * The rows of each group. How many they are is known only when the graph runs, so the shape that they have here is an
 * upper bound; none of them leaves the kernel.
 */
function split(graph: Graph, rows: Value, counts: Value): Value[] {
  const x = graph.cast(rows, graph.matmulType)
  const groups = counts.shape[0] ?? 0
  const attrs = { num_split: { int: groups }, T: x.type, Tlen: 'int32' as const }
  return graph.emitAll('SplitV', [x, counts, graph.ints(0)], attrs, Array(groups).fill(x))
}

/** One matrix a group. TensorFlow hands out views of the first axis, so nothing is copied. */
function unpack(graph: Graph, weights: Value): Value[] {
  const w = graph.cast(weights, graph.matmulType)
  const [groups = 0, ...shape] = w.shape
  const attrs = { num: { int: groups }, T: w.type, axis: { int: 0 } }
  return graph.emitAll('Unpack', [w], attrs, Array(groups).fill({ type: w.type, shape }))
}

function product(graph: Graph, a: Value, b: Value, transpose: { a: boolean; b: boolean }, shape: number[]): Value {
  const attrs = { T: a.type, transpose_a: transpose.a, transpose_b: transpose.b }
  return graph.emit('MatMul', [a, b], attrs, { type: a.type, shape })
}

/** Products of groups of rows: operands are cast to the precision of the function, and the result stays in it. */
export const grouped: KernelTable = {
  [groupedMatMulKernel]: kernel<{ x: Value; weights: Value; counts: Value }, { transposeB: boolean }>(
    (graph, { x, weights, counts }, { transposeB }) => {
      const matrices = unpack(graph, weights)
      const shape = [x.shape[0] ?? 0, weights.shape[transposeB ? 1 : 2] ?? 0]
      const products = split(graph, x, counts).map((rows, group) =>
        product(graph, rows, matrices[group] as Value, { a: false, b: transposeB }, shape),
      )
      if (products.length === 1) return products
      const type = graph.matmulType
      const attrs = { N: { int: products.length }, T: type, Tidx: 'int32' as const }
      return graph.emit('ConcatV2', [...products, graph.ints(0)], attrs, { type, shape })
    },
    'own',
  ),
  [groupedOuterKernel]: kernel<{ y: Value; x: Value; counts: Value }>((graph, { y, x, counts }) => {
    const right = split(graph, x, counts)
    const shape = [y.shape[1] ?? 0, x.shape[1] ?? 0]
    const sums = split(graph, y, counts).map((rows, group) =>
      product(graph, rows, right[group] as Value, { a: true, b: false }, shape),
    )
    const type = graph.matmulType
    const attrs = { N: { int: sums.length }, T: type, axis: { int: 0 } }
    return graph.emit('Pack', sums, attrs, { type, shape: [sums.length, ...shape] })
  }, 'own'),
}
