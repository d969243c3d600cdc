import { TemperError } from '@temper/db/contracts'
import type { NativeFeed } from '../runtime/index.ts'
import type { Graph } from './graph.ts'
import type { DType, Values, VariableSpec } from './program.ts'
import { dequantizeRows, quantizeRows } from './quantize.ts'
import { type StoredVariable, TracedVariable, variableHandle } from './traced-variable.ts'
import { type GraphNode, type GraphType, typeNumber } from './value.ts'
import { type VariableGraph, variableGraph } from './variable-graph.ts'

/** A variable of a program as its session holds it: in int8 two of the session's, the second being the scales. */
export interface SessionVariable extends StoredVariable {
  /** Of the values that cross. */
  dtype: DType
  graph: VariableGraph
  scales?: SessionVariable
  rounded?: SessionVariable
}

/** Adds a variable's nodes to the graph. */
export function storeVariable(graph: Graph, name: string, spec: VariableSpec): SessionVariable {
  const { shape, dtype, inPlace = false, storage = 'fp32' } = spec
  if (storage === 'int8') return storeInt8(graph, name, spec)
  const type: GraphType = storage === 'bf16' && dtype === 'float32' ? 'bfloat16' : dtype
  const stored = { name, sharedName: `${graph.scope}/${name}`, type, shape, inPlace }
  return { ...stored, dtype, graph: variableGraph(graph, stored, dtype) }
}

function storeInt8(graph: Graph, name: string, { shape, dtype, inPlace = false }: VariableSpec): SessionVariable {
  if (shape.length !== 2 || dtype !== 'float32' || inPlace) {
    throw new TemperError('unsupported', `${name}: only matrices of float32 that nothing changes are kept in int8`)
  }
  const stored = { name, sharedName: `${graph.scope}/${name}`, type: 'int8' as const, shape, inPlace }
  const scales = storeVariable(graph, `${name}.scales`, { shape: shape.slice(0, 1), dtype })
  return { ...stored, dtype, scales, graph: variableGraph(graph, stored, 'int32') }
}

/** What to run for a variable to get new contents. */
export interface Change {
  feeds: NativeFeed[]
  targets: GraphNode[]
}

/** `data`, or zeros. */
export function changeOf(variable: SessionVariable, data: Values | undefined): Change {
  const { graph, shape, dtype, scales, rounded } = variable
  if (rounded) return together([changeOf({ ...variable, rounded: undefined }, data), changeOf(rounded, data)])
  if (scales) {
    const { values: ints, scales: factors } = data ? quantizeRows(data as Float32Array, shape) : {}
    return together([changeOf({ ...variable, dtype: 'int32', scales: undefined }, ints), changeOf(scales, factors)])
  }
  if (data) return { feeds: [feedOf(graph.placeholder, variable, shape, data)], targets: [graph.assign] }
  const zero = dtype === 'int32' ? new Int32Array(1) : new Float32Array(1)
  return { feeds: [feedOf(graph.zero, variable, [], zero)], targets: [graph.clear] }
}

function together(changes: readonly Change[]): Change {
  return { feeds: changes.flatMap(({ feeds }) => feeds), targets: changes.flatMap(({ targets }) => targets) }
}

/** The variables of the session that hold its contents. */
export function partsOf(variable: SessionVariable): SessionVariable[] {
  return variable.scales ? [variable, variable.scales] : [variable]
}

/** All of the session's variables that are its own. */
export function heldBy(variable: SessionVariable): SessionVariable[] {
  return [...partsOf(variable), ...(variable.rounded ? [variable.rounded] : [])]
}

/** Keeps a variable in bf16 as well, once `fill` has run. */
export function storeRounded(graph: Graph, variable: SessionVariable): { rounded: SessionVariable; fill: GraphNode } {
  const { name, shape, type } = variable
  const rounded = storeVariable(graph, `${name}.rounded`, { shape, dtype: 'float32', inPlace: true, storage: 'bf16' })
  const contents = graph.emit('ReadVariableOp', [variableHandle(graph, variable)], { dtype: type }, { type, shape })
  const own = TracedVariable.copy(graph, graph.cast(contents, rounded.type))
  return { rounded, fill: graph.effect('AssignVariableOp', [variableHandle(graph, rounded), own], { dtype: rounded.type }, []) } // biome-ignore format: one row
}

/** Takes what was read of a variable's parts from the front of `data`. */
export function takeContents({ scales }: SessionVariable, data: Values[]): Values {
  const contents = data.shift() as Values
  return scales ? dequantizeRows({ values: contents as Int32Array, scales: data.shift() as Float32Array }) : contents
}

export function feedOf(
  node: GraphNode,
  { dtype }: { dtype: DType },
  shape: readonly number[],
  data: Values,
): NativeFeed {
  return { name: node.name, type: typeNumber[dtype], shape, data }
}
