import { createHash } from 'node:crypto'
import { TemperError } from '@temper/db/contracts'
import {
  type Attributes,
  type Cut,
  type GraphNode,
  type GraphType,
  type NodeOutput,
  type Part,
  type ProductAddition,
  type ScatteredRows,
  type Shape,
  sameShape,
  type TypedValues,
  type Value,
} from './value.ts'
import { sizeOf } from './values.ts'

export interface Result {
  type: GraphType
  shape: Shape
}

export interface GraphOptions {
  matmulType?: GraphType
  kernels?: boolean
  pairs?: boolean
}

/** Collects the nodes of one function. Every name starts with the function's, so functions share a session. */
export class Graph {
  readonly scope: string
  /** Operands of matrix products are cast to it. */
  readonly matmulType: GraphType
  /** Whether it may hold the operations of native/kernels. */
  readonly kernels: boolean
  /** Whether products are our own, of factors in bf16 or on their way into it. */
  readonly pairs: boolean
  readonly nodes: GraphNode[] = []
  readonly #counts = new Map<string, number>()
  readonly #constants = new Map<string, Value>()
  readonly #casts = new WeakMap<Value, Map<GraphType, Value>>()
  readonly #cuts = new WeakMap<Value, Cut[]>()
  readonly #parts = new WeakMap<Cut, Value[]>()

  constructor(scope: string, { matmulType = 'float32', kernels = false, pairs = false }: GraphOptions = {}) {
    this.scope = scope
    this.matmulType = matmulType
    this.kernels = kernels
    this.pairs = pairs
  }

  /** Adds a node with one output. */
  emit(op: string, inputs: readonly Value[], attrs: Attributes, result: Result): Value {
    return this.#valueOf({ node: this.#add(op, inputs, attrs, [result]), index: 0 }, result)
  }

  /** Adds a node with several outputs. */
  emitAll(op: string, inputs: readonly Value[], attrs: Attributes, results: Result[]): Value[] {
    const node = this.#add(op, inputs, attrs, results)
    return results.map((result, index) => this.#valueOf({ node, index }, result))
  }

  /** Adds a node that is there for its effect on a variable; it runs after `controls`. */
  effect(op: string, inputs: readonly Value[], attrs: Attributes, controls: GraphNode[]): GraphNode {
    const node = this.#add(op, inputs, attrs, [])
    node.controls.push(...controls)
    return node
  }

  /** A tensor known while tracing. Equal ones are built once, uniform ones as a scalar. */
  constant(values: TypedValues, shape: Shape, type: GraphType): Value {
    const first = values[0]
    if (first !== undefined && values.length > 1 && values.every((value) => Object.is(value, first))) {
      return this.uniform(first, shape, type)
    }
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
    const content = values.length <= 8 ? values.join() : createHash('sha1').update(bytes).digest('hex')
    const uniform = values.length === 1 ? first : undefined
    return this.#remember(`${type} [${shape}] ${content}`, () => {
      const build = () => ({ node: this.#add('Const', [], { value: { values, type, shape }, dtype: type }, [{ type, shape }]), index: 0 }) // biome-ignore format: one node
      return { type, shape, uniform, output: once(build) }
    })
  }

  /** The same number everywhere. */
  uniform(number: number, shape: Shape, type: GraphType): Value {
    const value = type === 'float32' ? Math.fround(number) : number
    const scalar = type === 'float16' ? this.#half(value) : this.constant(scalarOf(value, type), [], type)
    if (shape.length === 0) return scalar
    return this.#remember(`${type} [${shape}] all ${Object.is(value, -0) ? '-0' : value}`, () => {
      const whole = () =>
        this.emit('Fill', [this.ints(shape), scalar], { T: type, index_type: 'int32' }, { type, shape })
      return { type, shape, uniform: value, base: scalar, output: once(() => whole().output()) }
    })
  }

  /** JavaScript has no 16-bit floats: TensorFlow rounds. */
  #half(value: number): Value {
    return this.#remember(`float16 ${Object.is(value, -0) ? '-0' : value}`, () => {
      const attrs: Attributes = { SrcT: 'float32', DstT: 'float16', Truncate: false }
      const wide = this.uniform(value, [], 'float32')
      const build = () => this.emit('Cast', [wide], attrs, { type: 'float16', shape: [] }).output()
      return { type: 'float16', shape: [], uniform: value, output: once(build) }
    })
  }

  /** Shapes, axes and sizes that TensorFlow takes as tensors: a vector, or a scalar for a number. */
  ints(values: Shape | number): Value {
    const list = typeof values === 'number' ? [values] : values
    const shape = typeof values === 'number' ? [] : [list.length]
    const uniform = list.length === 1 ? list[0] : undefined
    return this.#remember(`int32 [${shape}] = ${list}`, () => {
      const attrs: Attributes = { value: { values: Int32Array.from(list), type: 'int32', shape }, dtype: 'int32' }
      const build = () => ({ node: this.#add('Const', [], attrs, [{ type: 'int32', shape }]), index: 0 })
      return { type: 'int32', shape, uniform, output: once(build) }
    })
  }

  /** `base` repeated to `shape`, which it must broadcast to. */
  broadcast(base: Value, shape: Shape): Value {
    if (sameShape(base.shape, shape)) return base
    const { type } = base
    if (base.uniform !== undefined) return this.uniform(base.uniform, shape, type)
    const source = base.base ?? base
    const whole = () =>
      this.emit('BroadcastTo', [source, this.ints(shape)], { T: type, Tidx: 'int32' }, { type, shape })
    return { type, shape, base: source, output: once(() => whole().output()) }
  }

  cast(value: Value, type: GraphType): Value {
    if (value.type === type) return value
    if (value.rounded && type === 'bfloat16') return value.rounded
    if (value.uniform !== undefined) return this.uniform(castNumber(value.uniform, type), value.shape, type)
    if (value.base) return this.broadcast(this.cast(value.base, type), value.shape)
    if (value.swapped) return this.swapped(this.cast(value.swapped, type))
    if (value.reshaped) return this.reshape(this.cast(value.reshaped, type), value.shape)
    if (value.part) return this.#castPart(value.part, value.shape, type)
    const known = this.#casts.get(value) ?? new Map<GraphType, Value>()
    this.#casts.set(value, known)
    const cast = known.get(type) ?? this.#castNode(value, type)
    known.set(type, cast)
    return cast
  }

  /** (B, T, H, hd) to (B, H, T, hd) and back, moved in memory only where something needs it so. */
  swapped(value: Value): Value {
    if (value.swapped) return value.swapped
    const { type } = value
    const [batch = 1, length = 1, heads = 1, width = 1] = value.shape
    const shape = [batch, heads, length, width]
    if (length === 1 || heads === 1) return this.reshape(value, shape)
    const attrs: Attributes = { T: type, Tperm: 'int32' }
    const move = () => this.emit('Transpose', [value, this.ints([0, 2, 1, 3])], attrs, { type, shape }).output()
    return { type, shape, swapped: value, output: once(move) }
  }

  /** Parts of `whole` along its last dimension, cut in memory only where something needs them so. */
  parts(whole: Value, sizes: readonly number[]): Value[] {
    const cut = this.#cut(whole, sizes)
    return sizes.map((size, index) => this.#partOf(cut, index, [...whole.shape.slice(0, -1), size]))
  }

  /** What parts were cut of, where these are all of its parts in their order, side by side. */
  joined(parts: readonly Value[]): Value | undefined {
    const cut = parts[0]?.part?.cut
    if (!cut || parts.length !== cut.sizes.length) return undefined
    const inPlace = ({ part, shape }: Value, i: number) =>
      part?.cut === cut && part.index === i && shape.at(-1) === cut.sizes[i]
    return parts.every(inPlace) ? cut.whole : undefined
  }

  #castPart({ cut: { whole, sizes }, index }: Part, shape: Shape, type: GraphType): Value {
    return this.#partOf(this.#cut(this.cast(whole, type), sizes), index, shape)
  }

  #cut(whole: Value, sizes: readonly number[]): Cut {
    const cuts = this.#cuts.get(whole) ?? []
    this.#cuts.set(whole, cuts)
    const known = cuts.find((cut) => sameShape(cut.sizes, sizes))
    if (!known) cuts.push({ whole, sizes })
    return known ?? this.#cut(whole, sizes)
  }

  #partOf(cut: Cut, index: number, shape: Shape): Value {
    const { type } = cut.whole
    const output = once(() => this.reshape(this.#cutInMemory(cut)[index] as Value, shape).output())
    return { type, shape, part: { cut, index }, output }
  }

  #cutInMemory(cut: Cut): Value[] {
    const { whole, sizes } = cut
    const { type } = whole
    const results = sizes.map((size) => ({ type, shape: [...whole.shape.slice(0, -1), size] }))
    const attrs: Attributes = { num_split: { int: sizes.length }, T: type, Tlen: 'int32' }
    const inputs = [whole, this.ints(sizes), this.ints(whole.shape.length - 1)]
    const parts = this.#parts.get(cut) ?? this.emitAll('SplitV', inputs, attrs, results)
    this.#parts.set(cut, parts)
    return parts
  }

  /** `value` times `by`, a number or one a row (N, 1), which `multiply` builds where it is needed whole. */
  scaled(value: Value, by: Value, multiply: () => Value): Value {
    const { type, shape } = value
    return { type, shape, scaled: { value, by }, output: once(() => multiply().output()) }
  }

  /** A matrix that is zero but for `scattered`, which `build` makes where it is needed whole. */
  scattered(result: Result, scattered: ScatteredRows, build: () => Value): Value {
    return { ...result, scattered, output: once(() => build().output()) }
  }

  /** A matrix of int8 (R, C) times a number a row (R), which is built in float32 where it is needed whole. */
  quantized(values: Value, scales: Value): Value {
    const { shape } = values
    const multiply = () => {
      const inputs = [this.cast(values, 'float32'), this.reshape(scales, [shape[0] ?? 0, 1])]
      return this.emit('Mul', inputs, { T: 'float32' }, { type: 'float32', shape }).output()
    }
    return { type: 'float32', shape, quantized: { values, scales }, output: once(multiply) }
  }

  /** A product that `add` makes anew with something added, until it is built as it is. */
  product(result: Result, build: () => Value, add: ProductAddition): Value {
    let built = false
    const output = once(() => {
      built = true
      return build().output()
    })
    return { ...result, product: (addend) => (built ? undefined : add(addend)), output }
  }

  #reshapedProduct(value: Value, add: ProductAddition, shape: Shape): Value {
    const whole = () => this.#reshapeNode(value, shape)
    const reshaped = this.product({ type: value.type, shape }, whole, ({ residual, ...more }) => {
      const sum = add({ ...more, residual: residual && this.reshape(residual, value.shape) })
      return sum && this.reshape(sum, shape)
    })
    return { ...reshaped, reshaped: value }
  }

  reshape(value: Value, shape: Shape): Value {
    if (sameShape(value.shape, shape)) return value
    const { type } = value
    if (value.uniform !== undefined) return this.uniform(value.uniform, shape, type)
    if (value.base && sizeOf(value.base.shape) === 1) return this.broadcast(this.reshape(value.base, []), shape)
    if (value.reshaped) return this.reshape(value.reshaped, shape)
    if (value.product) return this.#reshapedProduct(value, value.product, shape)
    if (value.part) return this.#partOf(value.part.cut, value.part.index, shape)
    // What a variable holds is read now: later it may hold something else.
    if (value.stored) return this.#reshapeNode(value, shape)
    return { type, shape, reshaped: value, output: once(() => this.#reshapeNode(value, shape).output()) }
  }

  #reshapeNode(value: Value, shape: Shape): Value {
    const { type } = value
    return this.emit('Reshape', [value, this.ints(shape)], { T: type, Tshape: 'int32' }, { type, shape })
  }

  /** A value whose node is made by `build` when something needs it; `guard` throws where it must not be used any more. */
  lazy({ type, shape }: Result, build: () => NodeOutput, guard: () => void): Value {
    const built = once(build)
    const output = () => {
      guard()
      return built()
    }
    return { type, shape, output }
  }

  #castNode(value: Value, type: GraphType): Value {
    const result = { type, shape: value.shape }
    const attrs = { SrcT: value.type, DstT: type }
    const own = this.kernels && [value.type, type].every((one) => one === 'float32' || one === 'bfloat16')
    if (own) return this.emit('TemperCast', [value], attrs, result)
    return this.emit('Cast', [value], { ...attrs, Truncate: false }, result)
  }

  #valueOf(output: NodeOutput, { type, shape }: Result): Value {
    return { type, shape, output: () => output }
  }

  #add(op: string, inputs: readonly Value[], attrs: Attributes, outputs: Result[]): GraphNode {
    const count = this.#counts.get(op) ?? 0
    this.#counts.set(op, count + 1)
    const name = `${this.scope}/${op}_${count}`
    const node = { name, op, inputs: inputs.map((input) => input.output()), controls: [], attrs, outputs }
    this.nodes.push(node)
    return node
  }

  #remember(key: string, make: () => Value): Value {
    const value = this.#constants.get(key) ?? make()
    this.#constants.set(key, value)
    return value
  }
}

function once(build: () => NodeOutput): () => NodeOutput {
  let built: NodeOutput | undefined
  return () => {
    built ??= build()
    return built
  }
}

function castNumber(value: number, type: GraphType): number {
  if (type === 'bool') return value === 0 ? 0 : 1
  return type === 'int32' ? Math.trunc(value) : value
}

function scalarOf(value: number, type: GraphType): TypedValues {
  switch (type) {
    case 'float32':
      return Float32Array.of(value)
    case 'int32':
      return Int32Array.of(value)
    case 'bool':
      return Uint8Array.of(value)
    case 'bfloat16':
      return Uint16Array.of(bfloat16Of(value))
    case 'float16':
    case 'int8':
    case 'resource':
      throw new TemperError('internal', `a ${type} is no constant`)
  }
}

/** The upper half of the float32, rounded to nearest even. */
function bfloat16Of(value: number): number {
  const bits = new Uint32Array(Float32Array.of(value).buffer)[0] ?? 0
  if (Number.isNaN(value)) return 0x7fc0
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff
}
