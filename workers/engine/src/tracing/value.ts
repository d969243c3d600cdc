/** Element types inside graphs. tfjs knows no 16-bit floats: a tensor it calls float32 may be held as one. */
export type GraphType = 'float32' | 'int32' | 'int8' | 'bool' | 'bfloat16' | 'float16' | 'resource'

/** TensorFlow's numbers (types.proto). */
export const typeNumber: Record<GraphType, number> = {
  float32: 1,
  int32: 3,
  int8: 6,
  bool: 10,
  bfloat16: 14,
  float16: 19,
  resource: 20,
}

export function isNarrow(type: GraphType): type is 'bfloat16' | 'float16' {
  return type === 'bfloat16' || type === 'float16'
}

export function isFloat(type: GraphType): boolean {
  return type === 'float32' || isNarrow(type)
}

/** One operation of the graph being built. */
export interface GraphNode {
  name: string
  op: string
  inputs: NodeOutput[]
  /** Nodes that must have run before this one. */
  controls: GraphNode[]
  attrs: Attributes
  outputs: { type: GraphType; shape: Shape }[]
}

export interface NodeOutput {
  node: GraphNode
  index: number
}

export type Shape = readonly number[]

/** Booleans and type names stand for themselves; TensorFlow tells whole from real numbers, so those say which. */
export type Attribute =
  | boolean
  | GraphType
  | { int: number }
  | { float: number }
  | { text: string }
  | { shape: Shape }
  | { values: TypedValues; type: GraphType; shape: Shape }
export type Attributes = Record<string, Attribute>
export type TypedValues = Float32Array | Int32Array | Uint8Array | Uint16Array

/** What a product adds to its sums: a vector to each row, a tensor of its shape or some rows; the sum has `type`. */
export interface Addend {
  bias?: Value | undefined
  residual?: Value | undefined
  rows?: ScatteredRows | undefined
  type: GraphType
}

/** Rows (n, C) and the places (n) where each is added; int32, no place below 0 counts. */
export interface ScatteredRows {
  rows: Value
  ids: Value
}

/** The sum, or nothing where the product was needed by itself before or has taken up as much already. */
export type ProductAddition = (addend: Addend) => Value | undefined

/** A tensor cut along its last dimension; equal ones of a graph are one object. */
export interface Cut {
  whole: Value
  sizes: readonly number[]
}

export interface Part {
  cut: Cut
  index: number
}

/** A tensor of the traced function. Its node may not exist yet: constants and broadcasts are built where needed. */
export interface Value {
  readonly type: GraphType
  readonly shape: Shape
  /** Set where every element is this number. */
  readonly uniform?: number
  /** Set where this is `base` repeated along dimensions; operations that broadcast take `base` instead. */
  readonly base?: Value
  /** Set where this is a matrix times a number, or a number a row (N, 1); products take it apart. */
  readonly scaled?: { value: Value; by: Value }
  /** Set where this is a matrix of int8 (R, C) times a number a row (R); products and gathers take it apart. */
  readonly quantized?: { values: Value; scales: Value }
  /** Set where this is `swapped` with its second and third dimension exchanged; attention and rope take it apart. */
  readonly swapped?: Value
  /** Set where this is `reshaped` in another shape; a shape of a shape is made of what was there first. */
  readonly reshaped?: Value
  /** Set where this holds a part of a cut tensor, in whatever shape; attention reads it where it lies. */
  readonly part?: Part
  /** Set where this is zero but for some rows, as the gradient of a lookup is; a product adds them to its own rows. */
  readonly scattered?: ScatteredRows
  /** Set where this is a product that takes up what is added to it. */
  readonly product?: ProductAddition
  /** Set where these are the contents of a variable that is kept in bf16 as well: products in bf16 take them. */
  readonly rounded?: Value
  /** Set where these are the contents of a variable, which products read where they lie. */
  readonly stored?: boolean
  /** The node's output, built on the first call. Throws for contents that were overwritten in place. */
  output(): NodeOutput
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dimension, i) => dimension === b[i])
}
