import { TemperError } from '@temper/db/contracts'
import type { DataId } from '@tensorflow/tfjs-node-gpu'
import type { Branch } from './branch.ts'
import type { Graph } from './graph.ts'
import { isView, writesLate } from './order-readers.ts'
import type { Attributes, GraphNode, GraphType, Shape, Value } from './value.ts'

/** A variable of the session, as every function refers to it. */
export interface StoredVariable {
  name: string
  /** What the session calls it; never used twice. */
  sharedName: string
  type: GraphType
  shape: Shape
  inPlace: boolean
  /** Of a matrix of int8: a number a row. */
  scales?: StoredVariable
  /** The same numbers in bf16, which change with it. */
  rounded?: StoredVariable
}

export function variableHandle(graph: Graph, { sharedName, type, shape }: StoredVariable): Value {
  const attrs: Attributes = {
    dtype: type,
    shape: { shape },
    shared_name: { text: sharedName },
    container: { text: '' },
  }
  return graph.emit('VarHandleOp', [], attrs, { type: 'resource', shape: [] })
}

/**
 * One variable within one function. Reads and writes of it happen in the order of the code: each write waits for the
 * reads and writes before it, each read for the write before it.
 */
export class TracedVariable {
  /** The contents when the function starts. */
  readonly read: Value
  /** Each with the node after which it has happened, or has been left out. */
  readonly #writes: { node: GraphNode; done: GraphNode }[] = []
  /** tfjs' name for the data that the session holds at this point of the code. */
  synced: DataId = {}
  readonly #graph: Graph
  readonly #stored: StoredVariable
  /** Reads by how many writes came before them. */
  readonly #reads: GraphNode[][] = [[]]
  readonly #rounded: TracedVariable | undefined
  #handle: Value | undefined
  #contents: Value

  constructor(graph: Graph, stored: StoredVariable) {
    this.#graph = graph
    this.#stored = stored
    this.#rounded = stored.rounded && new TracedVariable(graph, stored.rounded)
    this.read = this.readAgain()
    this.#contents = this.read
  }

  /** What is kept of it in bf16. */
  get rounded(): TracedVariable | undefined {
    return this.#rounded
  }

  get inPlace(): boolean {
    return this.#stored.inPlace
  }

  /** What to run for the writes to happen. */
  get effects(): GraphNode[] {
    return [...this.#writes.map(({ done }) => done), ...(this.#rounded?.effects ?? [])]
  }

  /** The contents after the writes so far. */
  readAgain(): Value {
    const { type, shape, inPlace } = this.#stored
    const version = this.#writes.length
    const build = () => {
      const attrs: Attributes = { dtype: type }
      const output = this.#graph.emit('ReadVariableOp', [this.#resource()], attrs, { type, shape }).output()
      const before = this.#writes[version - 1]
      if (before) output.node.controls.push(before.done)
      this.#reads[version]?.push(output.node)
      this.#writes[version]?.node.controls.push(output.node)
      if (inPlace) inPlaceNodes.add(output.node)
      return output
    }
    const read = this.#graph.lazy({ type, shape }, build, () => this.#refuseOverwritten(version))
    this.#contents = { ...read, stored: true, rounded: this.#rounded?.readAgain() }
    return this.#contents
  }

  assign(value: Value): void {
    const { type, inPlace } = this.#stored
    const typed = this.#graph.cast(value, type)
    // A buffer that nothing else holds: TensorFlow would share that of a constant or of an equal value.
    const own = inPlace || TracedVariable.aliasesInPlace(typed) ? TracedVariable.copy(this.#graph, typed) : typed
    this.write('AssignVariableOp', [own], { dtype: type })
    this.#rounded?.assign(value)
    this.readAgain()
  }

  /** Adds a node that changes the variable, which is its first operand. */
  write(op: string, inputs: Value[], attrs: Attributes, branch?: Branch): void {
    TracedVariable.writeTogether(op, [this], inputs, attrs, branch)
  }

  /** One node that changes several variables, which are its first operands; only where the branch is taken. */
  static writeTogether(
    op: string,
    variables: TracedVariable[],
    inputs: Value[],
    attrs: Attributes,
    branch?: Branch,
  ): void {
    const [first] = variables
    if (!first) return
    const handles = variables.map((variable) => variable.#resource())
    const node = first.#graph.effect(op, [...handles, ...inputs], attrs, [])
    const done = branch?.guard(node)
    for (const variable of variables) variable.#record(node, done)
  }

  /**
   * Writes rows into the variable's own buffer and returns the contents that carry them. Whatever was read before
   * lies in the same buffer, so it must not have been used and cannot be used any more.
   */
  writeRows(rows: Value, values: Value): Value {
    this.#refuseUsed('writeRows')
    return this.#updateRows(rows, this.#graph.cast(values, this.#stored.type))
  }

  /** Rows `from` into the places of rows `to`, under the conditions of `writeRows`. */
  copyRows(from: Value, to: Value): Value {
    const { type, shape } = this.#stored
    this.#refuseUsed('copyRows')
    const attrs = { Tparams: type, Tindices: 'int32' as const, Taxis: 'int32' as const, batch_dims: { int: 0 } }
    const result = { type, shape: [from.shape[0] ?? 0, shape[1] ?? 0] }
    const inputs = [this.#contents, from, this.#graph.ints(0)]
    return this.#updateRows(to, this.#graph.emit('GatherV2', inputs, attrs, result))
  }

  #updateRows(rows: Value, values: Value): Value {
    const { type, shape } = this.#stored
    const inputs = [this.#contents, rows, values]
    const contents = this.#graph.emit('InplaceUpdate', inputs, { T: type }, { type, shape })
    inPlaceNodes.add(contents.output().node)
    inPlaceWrites.add(contents.output().node)
    this.#record(contents.output().node)
    const version = this.#writes.length
    const current = () => contents.output()
    this.#contents = this.#graph.lazy({ type, shape }, current, () => this.#refuseOverwritten(version))
    return this.#contents
  }

  /**
   * A node that takes the contents of several variables and changes them in their own buffers. The same holds as for
   * `writeRows`: nothing may have used the contents before.
   */
  static overwrite(variables: TracedVariable[], emit: (contents: Value[]) => Value): Value {
    for (const variable of variables) variable.#refuseUsed('an operation on the cache')
    const result = emit(variables.map((variable) => variable.#contents))
    const { node } = result.output()
    inPlaceWrites.add(node)
    for (const variable of variables) {
      variable.#record(node)
      variable.readAgain()
    }
    return result
  }

  /**
   * Adds a node that takes `inputs` and the contents of several variables, and changes these in their own buffers once
   * nobody needs the old contents any more.
   * @param after - one of the inputs: what it is computed of has run by then
   */
  static overwriteLast(
    op: string,
    variables: TracedVariable[],
    inputs: Value[],
    attrs: Attributes,
    after: Value,
  ): void {
    const [first] = variables
    if (!first) return
    const contents = variables.map((variable) => variable.#contents)
    const node = first.#graph.effect(op, [...inputs, ...contents], attrs, [])
    writesLate(node, { contents: contents.map((value) => value.output().node), after: after.output().node })
    inPlaceWrites.add(node)
    for (const variable of variables) variable.#record(node)
  }

  /** A value in memory of its own, which no graph optimisation undoes. */
  static copy(graph: Graph, value: Value): Value {
    return graph.emit('DeepCopy', [value], { T: value.type }, value)
  }

  /** Whether the value is a view of a buffer that is written in place. */
  static aliasesInPlace(value: Value): boolean {
    const aliases = (node: GraphNode): boolean =>
      inPlaceNodes.has(node) || (isView(node) && node.inputs.some((input) => aliases(input.node)))
    return aliases(value.output().node)
  }

  #refuseUsed(by: string): void {
    const before = this.#contents.output()
    if (!this.#graph.nodes.some((node) => node.inputs.some((input) => input.node === before.node))) return
    throw new TemperError('unsupported', `${by}: ${this.#stored.name} was read before in the same function`)
  }

  #record(node: GraphNode, done = node): void {
    if (this.#stored.scales) {
      throw new TemperError('unsupported', `${this.#stored.name} is kept in int8, which no function changes`)
    }
    const before = this.#writes.at(-1)
    if (before) node.controls.push(before.done)
    node.controls.push(...(this.#reads[this.#writes.length] ?? []))
    this.#writes.push({ node, done })
    this.#reads.push([])
  }

  #resource(): Value {
    this.#handle ??= variableHandle(this.#graph, this.#stored)
    return this.#handle
  }

  /** Contents of an earlier version lie in the buffer that a later `writeRows` wrote into. */
  #refuseOverwritten(version: number): void {
    if (!this.#writes.slice(version).some(({ node }) => inPlaceWrites.has(node))) return
    throw new TemperError('unsupported', `${this.#stored.name} was read before writeRows and used after it`)
  }
}

/** Nodes whose output lies in the buffer of a variable that is written in place. */
const inPlaceNodes = new WeakSet<GraphNode>()

/** Nodes that change a variable in its own buffer. */
const inPlaceWrites = new WeakSet<GraphNode>()
