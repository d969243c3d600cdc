import type { Graph } from './graph.ts'
import type { GraphNode, Value } from './value.ts'

const bool = { type: 'bool', shape: [] } as const

/** Nodes that run only where a condition, a bool scalar, holds while the graph runs: TensorFlow's Switch and Merge. */
export class Branch {
  readonly #graph: Graph
  readonly #taken: Value
  readonly #passed: Value

  constructor(graph: Graph, condition: Value) {
    const [passed, taken] = graph.emitAll('Switch', [condition, condition], { T: 'bool' }, [bool, bool])
    this.#graph = graph
    this.#passed = graph.emit('Identity', passed ? [passed] : [], { T: 'bool' }, bool)
    this.#taken = graph.emit('Identity', taken ? [taken] : [], { T: 'bool' }, bool)
  }

  /** Makes `node` run only where the condition holds. Returns a node that runs either way: after it, where it does. */
  guard(node: GraphNode): GraphNode {
    node.controls.push(this.#taken.output().node)
    const ran = this.#graph.emit('Identity', [this.#taken], { T: 'bool' }, bool)
    ran.output().node.controls.push(node)
    const index = { type: 'int32', shape: [] } as const
    const [merged = ran] = this.#graph.emitAll('Merge', [this.#passed, ran], { T: 'bool', N: { int: 2 } }, [
      bool,
      index,
    ])
    return merged.output().node
  }
}
