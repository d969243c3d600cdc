import type { Graph } from './graph.ts'
import type { DType } from './program.ts'
import { type StoredVariable, TracedVariable, variableHandle } from './traced-variable.ts'
import type { GraphNode, NodeOutput, Value } from './value.ts'

/** What a program does with one variable from outside its functions. */
export interface VariableGraph {
  /** float32 or int32; feed it for `assign`. */
  placeholder: GraphNode
  assign: GraphNode
  /** Feed it a zero of the dtype for `clear`. */
  zero: GraphNode
  clear: GraphNode
  read: NodeOutput
  destroy: GraphNode
}

/** Nodes that write, zero, read and free a variable. */
export function variableGraph(graph: Graph, variable: StoredVariable, dtype: DType): VariableGraph {
  const { type, shape } = variable
  const handle = variableHandle(graph, variable)
  const placeholder = graph.emit('Placeholder', [], { dtype, shape: { shape } }, { type: dtype, shape })
  // A fed zero: constants would be kept by the graph, and equal ones would share a buffer.
  const zero = graph.emit('Placeholder', [], { dtype, shape: { shape: [] } }, { type: dtype, shape: [] })
  const filled = graph.emit(
    'Fill',
    [graph.ints(shape), zero],
    { T: dtype, index_type: 'int32' },
    { type: dtype, shape },
  )
  const owned = (value: Value) => (variable.inPlace ? TracedVariable.copy(graph, value) : value)
  const assign = (value: Value) => {
    return graph.effect('AssignVariableOp', [handle, owned(graph.cast(value, type))], { dtype: type }, [])
  }
  const contents = owned(graph.emit('ReadVariableOp', [handle], { dtype: type }, { type, shape }))
  return {
    placeholder: placeholder.output().node,
    assign: assign(placeholder),
    zero: zero.output().node,
    clear: assign(filled),
    read: graph.cast(contents, dtype).output(),
    destroy: graph.effect('DestroyResourceOp', [handle], { ignore_lookup_error: true }, []),
  }
}
