import { tf } from '../../runtime/tf.ts'
import type { Graph } from '../graph.ts'
import type { Attributes, GraphType, Shape, Value } from '../value.ts'
import { isFloat, isNarrow, sameShape } from '../value.ts'
import { sizeOf } from '../values.ts'
import { type KernelTable, kernel, type Narrow } from './kernel.ts'

interface Unary {
  x: Value
}

export interface Binary {
  a: Value
  b: Value
}

/** Applies a node to every element; of a broadcast, to its base. */
export function map(graph: Graph, op: string, x: Value, type: GraphType = x.type): Value {
  if (x.base) return graph.broadcast(map(graph, op, x.base, type), x.shape)
  return graph.emit(op, [x], typeOf(op, x), { type, shape: x.shape })
}

/** Applies a node to pairs of elements; two broadcasts are combined before they are repeated. */
export function zip(graph: Graph, op: string, a: Value, b: Value, type: GraphType = a.type): Value {
  const [x, y] = [a.base ?? a, b.base ?? b]
  const shape = broadcastShape(x.shape, y.shape)
  const out = graph.emit(op, [x, y], typeOf(op, x), { type, shape })
  return graph.broadcast(out, broadcastShape(a.shape, b.shape))
}

/** Logical operations know booleans only and take no type. */
function typeOf(op: string, operand: Value): Attributes {
  return op.startsWith('Logical') ? {} : { T: operand.type }
}

export function broadcastShape(a: Shape, b: Shape): Shape {
  return tf.backend_util.assertAndGetBroadcastShape([...a], [...b])
}

function unary(op: string, narrow: Narrow = 'widen', type?: GraphType) {
  return kernel<Unary>((graph, { x }) => map(graph, op, x, type), narrow)
}

/** Rules that need no node: (graph, a, b, shape) → the result, or nothing where they do not apply. */
type Rule = (graph: Graph, a: Value, b: Value, shape: Shape) => Value | undefined

function binary(op: string, narrow: Narrow, fold?: (a: number, b: number) => number, rule?: Rule) {
  return kernel<Binary>((graph, { a, b }) => {
    const shape = broadcastShape(a.shape, b.shape)
    if (fold && a.uniform !== undefined && b.uniform !== undefined) {
      const value = fold(a.uniform, b.uniform)
      return graph.uniform(a.type === 'int32' ? Math.trunc(value) : value, shape, a.type)
    }
    return rule?.(graph, a, b, shape) ?? zip(graph, op, a, b)
  }, narrow)
}

function comparison(op: string) {
  return kernel<Binary>((graph, { a, b }) => zip(graph, op, a, b, 'bool'))
}

/** The other operand, where `neutral` changes nothing. */
function neutral(element: number, sides: 'right' | 'both'): Rule {
  return (graph, a, b, shape) => {
    if (b.uniform === element) return graph.broadcast(a, shape)
    return sides === 'both' && a.uniform === element ? graph.broadcast(b, shape) : undefined
  }
}

/** A vector added to the rows of a matrix is a bias, which TensorFlow fuses into the product before it. */
const biasRule: Rule = (graph, a, b, shape) => {
  const plain = neutral(0, 'both')(graph, a, b, shape)
  if (plain) return plain
  const [matrix, vector] = a.shape.length === 1 ? [b, a] : [a, b]
  if (!isBias(matrix, vector) || matrix.base || vector.base || !sameShape(matrix.shape, shape)) return undefined
  return graph.emit('BiasAdd', [matrix, vector], { T: matrix.type, data_format: { text: 'NHWC' } }, matrix)
}

function isBias(matrix: Value, vector: Value): boolean {
  return (
    isFloat(matrix.type) &&
    vector.shape.length === 1 &&
    matrix.shape.length >= 2 &&
    vector.shape[0] === matrix.shape.at(-1)
  )
}

/** A matrix times a number a row stays undone until it is needed whole: a product does it on a smaller side. */
const scaleRule: Rule = (graph, a, b, shape) => {
  const plain = neutral(1, 'both')(graph, a, b, shape)
  if (plain) return plain
  const [matrix, factor] = a.base ? [b, a.base] : [a, b.base ?? b]
  const isRows = factor.shape.every((size, i) => size === 1 || (i === 0 && factor.shape.length === 2))
  if (matrix.shape.length !== 2 || matrix.base || !isRows || !sameShape(matrix.shape, shape)) return undefined
  return graph.scaled(matrix, factor, () => zip(graph, 'Mul', matrix, factor))
}

/** Small whole powers are products, which are exact and far faster. */
const powerRule: Rule = (graph, a, b, shape) => {
  if (!sameShape(a.shape, shape)) return undefined
  switch (b.uniform) {
    case 0:
      return graph.uniform(1, shape, a.type)
    case 1:
      return a
    case 2:
      return map(graph, 'Square', a)
    case 3:
      return zip(graph, 'Mul', map(graph, 'Square', a), a)
    case 0.5:
      return map(graph, 'Sqrt', a)
    case -0.5:
      return map(graph, 'Rsqrt', a)
    default:
      return undefined
  }
}

/** What is added to a product as it is summed: a bias, some rows, or a tensor of its shape, whose type the sum has. */
function takenUp(graph: Graph, product: Value, other: Value): Value | undefined {
  if (!product.product || other.base || !isFloat(other.type)) return undefined
  if (isBias(product, other)) return product.product({ bias: graph.cast(other, 'float32'), type: product.type })
  if (!sameShape(product.shape, other.shape) || other.type === 'float16') return undefined
  if (other.scattered) return product.product({ rows: other.scattered, type: product.type })
  return product.product({ residual: other, type: other.type })
}

const plainAddition = binary('AddV2', 'own', (a, b) => a + b, biasRule)

/** In 16 bits where both operands are, and where a bias of fp32 is added to a product of 16 bits. */
const addition = kernel<Binary>((graph, { a, b }, attrs) => {
  const taken = takenUp(graph, a, b) ?? takenUp(graph, b, a)
  if (taken) return taken
  const held = [a.type, b.type].find(isNarrow)
  if (held === undefined) return plainAddition.emit(graph, { a, b }, attrs)
  const narrow = (x: Value) => isNarrow(x.type) || x.uniform !== undefined
  const bias = (isNarrow(a.type) && isBias(a, b)) || (isNarrow(b.type) && isBias(b, a))
  const type = (narrow(a) && narrow(b)) || bias ? held : 'float32'
  return plainAddition.emit(graph, { a: graph.cast(a, type), b: graph.cast(b, type) }, attrs)
}, 'own')

const widened = [
  'Exp',
  'Expm1',
  'Log',
  'Log1p',
  'Sqrt',
  'Rsqrt',
  'Square',
  'Erf',
  'Softplus',
  'Sin',
  'Cos',
  'Tan',
  'Atan',
]
const following = ['Neg', 'Abs', 'Tanh', 'Relu', 'Relu6', 'Sign', 'Floor', 'Ceil', 'Round']

/** Up to so many elements, as decoding has them, TensorFlow's threads take longer to wake than to compute. */
const fewElements = 2 ** 17

export const elementwise: KernelTable = {
  Sigmoid: kernel<Unary>((graph, { x }) => {
    const few = graph.kernels && x.type !== 'float16' && sizeOf(x.shape) <= fewElements
    return map(graph, few ? 'TemperSigmoid' : 'Sigmoid', x)
  }, 'follow'),
  ...Object.fromEntries(widened.map((op) => [op, unary(op)])),
  ...Object.fromEntries(following.map((op) => [op, unary(op, 'follow')])),
  Reciprocal: unary('Reciprocal'),
  IsNan: unary('IsNan', 'follow', 'bool'),
  IsFinite: unary('IsFinite', 'follow', 'bool'),
  IsInf: unary('IsInf', 'follow', 'bool'),
  LogicalNot: unary('LogicalNot'),

  Add: addition,
  Sub: binary('Sub', 'follow', (a, b) => a - b, neutral(0, 'right')),
  Multiply: binary('Mul', 'range', (a, b) => a * b, scaleRule),
  RealDiv: binary('RealDiv', 'widen', (a, b) => a / b, neutral(1, 'right')),
  Maximum: binary('Maximum', 'follow', Math.max),
  Minimum: binary('Minimum', 'follow', Math.min),
  Pow: binary('Pow', 'widen', Math.pow, powerRule),
  SquaredDifference: binary('SquaredDifference', 'widen'),
  FloorDiv: binary('FloorDiv', 'widen'),
  Mod: binary('FloorMod', 'widen'),
  Atan2: binary('Atan2', 'widen'),
  LogicalAnd: kernel<Binary>((graph, { a, b }) => {
    const shape = broadcastShape(a.shape, b.shape)
    return neutral(1, 'both')(graph, a, b, shape) ?? zip(graph, 'LogicalAnd', a, b, 'bool')
  }),
  LogicalOr: kernel<Binary>((graph, { a, b }) => zip(graph, 'LogicalOr', a, b, 'bool')),
  ...Object.fromEntries(
    ['Equal', 'NotEqual', 'Greater', 'GreaterEqual', 'Less', 'LessEqual'].map((op) => [op, comparison(op)]),
  ),

  LeakyRelu: kernel<Unary, { alpha: number }>((graph, { x }, { alpha }) =>
    graph.emit('LeakyRelu', [x], { T: x.type, alpha: { float: alpha } }, x),
  ),
  ClipByValue: kernel<Unary, { clipValueMin: number; clipValueMax: number }>((graph, { x }, attrs) => {
    const bounds = [attrs.clipValueMin, attrs.clipValueMax].map((bound) => graph.uniform(bound, [], x.type))
    return graph.emit('ClipByValue', [x, ...bounds], { T: x.type }, x)
  }),
  /** 1 above zero, else alpha; what is not a number stays so. */
  Step: kernel<Unary, { alpha: number }>((graph, { x }, { alpha }) => {
    const above = zip(graph, 'Greater', x, graph.uniform(0, [], x.type), 'bool')
    const steps = select(graph, above, graph.uniform(1, x.shape, x.type), graph.uniform(alpha, x.shape, x.type))
    return select(graph, map(graph, 'IsNan', x, 'bool'), x, steps)
  }),
  Select: kernel<{ condition: Value; t: Value; e: Value }>(
    (graph, { condition, t, e }) => select(graph, condition, t, e),
    'follow',
  ),
  Cast: kernel<Unary, { dtype: GraphType }>((graph, { x }, { dtype }) => {
    // 16 bits are already what tfjs calls float32.
    return dtype === 'float32' && isNarrow(x.type) ? x : graph.cast(x, dtype)
  }, 'own'),
  AddN: kernel<Value[]>((graph, inputs) => {
    const [first] = inputs
    if (!first || inputs.length === 1) return first ?? []
    return graph.emit('AddN', inputs, { N: { int: inputs.length }, T: first.type }, first)
  }),
}

function select(graph: Graph, condition: Value, t: Value, e: Value): Value {
  const whole = broadcastShape(condition.shape, broadcastShape(t.shape, e.shape))
  const [c, x, y] = [condition.base ?? condition, t.base ?? t, e.base ?? e]
  const shape = broadcastShape(c.shape, broadcastShape(x.shape, y.shape))
  return graph.broadcast(graph.emit('SelectV2', [c, x, y], { T: x.type }, { type: x.type, shape }), whole)
}
