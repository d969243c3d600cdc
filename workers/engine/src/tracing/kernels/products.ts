import type { Graph } from '../graph.ts'
import { type Addend, type Attributes, isNarrow, type Shape, type Value } from '../value.ts'
import { sizeOf } from '../values.ts'
import { broadcastShape, zip } from './elementwise.ts'
import { type KernelTable, kernel } from './kernel.ts'

interface Operands {
  a: Value
  b: Value
  transposeA: boolean
  transposeB: boolean
}

/** Rows and columns of a (…, rows, columns) matrix, swapped where it is used transposed. */
function matrixShape(shape: Shape, transposed: boolean): [number, number] {
  const [rows = 1, columns = 1] = shape.slice(-2)
  return transposed ? [columns, rows] : [rows, columns]
}

/**
 * Up to so many rows our product that streams the weights is taken. As many sequences are decoded at once, so that a
 * row's digits do not depend on how many there are.
 */
const fewRows = 64

/** Whether it is a product of few rows and a matrix, for which there is a kernel of ours. */
function ownProduct(graph: Graph, { a, b, transposeA, transposeB }: Operands): boolean {
  const [, k] = matrixShape(a.shape, transposeA)
  const [, n] = matrixShape(b.shape, transposeB)
  const few = sizeOf(a.shape) <= fewRows * k && sizeOf(b.shape.slice(0, -2)) === 1
  return graph.kernels && !transposeA && few && Math.min(k, n) >= 16 && b.type !== 'float16'
}

/** Our product in bf16, which takes a bias and one more addend into its sums. */
function pairProduct(graph: Graph, operands: Operands, addend: Addend = { type: 'bfloat16' }): Value {
  const { a, b, transposeA, transposeB } = operands
  const { bias, residual, rows, type } = addend
  const shape = [matrixShape(a.shape, transposeA)[0], matrixShape(b.shape, transposeB)[1]]
  const counted = { biases: bias, residuals: residual, scattered: rows }
  const attrs: Attributes = {
    Ta: a.type,
    Tb: b.type,
    Tr: residual?.type ?? type,
    Ty: type,
    transpose_a: { int: transposeA ? 1 : 0 },
    transpose_b: { int: transposeB ? 1 : 0 },
    ...Object.fromEntries(Object.entries(counted).map(([name, given]) => [name, { int: given ? 1 : 0 }])),
  }
  const inputs = [a, b, bias, residual, rows && graph.cast(rows.rows, 'float32'), rows?.ids]
  const build = () =>
    graph.emit(
      'TemperPairMatMul',
      inputs.filter((value) => value !== undefined),
      attrs,
      { type, shape },
    )
  return graph.product({ type, shape }, build, (more) => {
    if (residual || rows || (bias && more.bias)) return undefined
    return pairProduct(graph, operands, { ...more, bias: bias ?? more.bias })
  })
}

/** A product of two matrices misses no fusion; a batched one does. */
function matMul(graph: Graph, operands: Operands): Value {
  const { a, b, transposeA, transposeB } = operands
  const [m] = matrixShape(a.shape, transposeA)
  const [, n] = matrixShape(b.shape, transposeB)
  if (ownProduct(graph, operands)) {
    const transposed = { int: transposeB ? 1 : 0 }
    if (b.quantized) {
      const { values, scales } = b.quantized
      const inputs = [graph.cast(a, 'float32'), values, scales]
      return graph.emit('TemperScaledMatMul', inputs, { transposed }, { type: 'float32', shape: [m, n] })
    }
    const attrs = { Tx: a.type, Tw: b.type, transposed }
    return graph.emit('TemperMatMul', [a, b], attrs, { type: a.type, shape: [m, n] })
  }
  if (graph.pairs) return pairProduct(graph, operands)
  const attrs = { T: a.type, transpose_a: transposeA, transpose_b: transposeB }
  return graph.emit('MatMul', [a, b], attrs, { type: a.type, shape: [m, n] })
}

function batchMatMul(graph: Graph, { a, b, transposeA, transposeB }: Operands, batch: Shape): Value {
  const [m] = matrixShape(a.shape, transposeA)
  const [, n] = matrixShape(b.shape, transposeB)
  const attrs = { T: a.type, adj_x: transposeA, adj_y: transposeB }
  return graph.emit('BatchMatMulV2', [a, b], attrs, { type: a.type, shape: [...batch, m, n] })
}

function product(graph: Graph, operands: Operands): Value {
  const { a, b, transposeA, transposeB } = operands
  const batch = broadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2))
  const [m] = matrixShape(a.shape, transposeA)
  const [, n] = matrixShape(b.shape, transposeB)
  if (sizeOf(b.shape.slice(0, -2)) !== 1 || (transposeA && sizeOf(batch) !== 1))
    return batchMatMul(graph, operands, batch)
  // One right-hand matrix for all: the batch becomes rows.
  const left = graph.reshape(a, transposeA ? a.shape.slice(-2) : [sizeOf(batch) * m, a.shape.at(-1) ?? 1])
  const right = graph.reshape(b, b.shape.slice(-2))
  return graph.reshape(matMul(graph, { a: left, b: right, transposeA, transposeB }), [...batch, m, n])
}

/**
 * Moves the factors of a scaled left matrix to the smaller sides: (s ⊙ A) B = s ⊙ (A B), and (s ⊙ A)ᵀ B = Aᵀ (s ⊙ B).
 * Gradients of logits come so, from a weight a token: nothing of their size is written twice.
 */
function unscaled(graph: Graph, operands: Operands): Value | undefined {
  const { a, b, transposeA, transposeB } = operands
  const outShape = [matrixShape(a.shape, transposeA)[0], matrixShape(b.shape, transposeB)[1]]
  if (!a.scaled || b.shape.length !== 2 || sizeOf(a.shape) <= sizeOf(b.shape) + sizeOf(outShape)) return undefined
  const { value, by } = a.scaled
  const times = (x: Value) => zip(graph, 'Mul', graph.cast(x, 'float32'), graph.cast(by, 'float32'))
  if (!transposeA || sizeOf(by.shape) === 1) return times(castProduct(graph, { ...operands, a: value }))
  return transposeB ? undefined : castProduct(graph, { ...operands, a: value, b: times(b) })
}

function castProduct(graph: Graph, operands: Operands): Value {
  const widened = operands.b.quantized || !graph.pairs
  if (widened && isNarrow(graph.matmulType) && operands.b.type === 'float32' && ownProduct(graph, operands)) {
    // Weights are read once either way: narrowing them first would read them twice more.
    const wide = { ...operands, a: graph.cast(operands.a, 'float32') }
    return graph.cast(product(graph, wide), graph.matmulType)
  }
  // Of weights our product in bf16 makes no copy.
  const isRead = (x: Value) => graph.pairs && x.stored && !x.rounded && x.shape.length === 2
  const factor = (x: Value) => (isRead(x) ? x : graph.cast(x, graph.matmulType))
  // Few rows come in 16 bits, whosoever they are.
  const a = ownProduct(graph, operands) ? graph.cast(operands.a, graph.matmulType) : factor(operands.a)
  return product(graph, { ...operands, a, b: factor(operands.b) })
}

export const products: KernelTable = {
  /** Operands are cast to the precision of the function, and the result stays in it. */
  BatchMatMul: kernel<{ a: Value; b: Value }, { transposeA: boolean; transposeB: boolean }>(
    (graph, { a, b }, { transposeA, transposeB }) => {
      const operands = { a, b, transposeA, transposeB }
      return unscaled(graph, operands) ?? castProduct(graph, operands)
    },
    'own',
  ),
}
