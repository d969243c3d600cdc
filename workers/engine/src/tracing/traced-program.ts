import { TemperError } from '@temper/db/contracts'
import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import {
  loadKernels,
  multipliesPairs,
  type OperationTime,
  type RunRequest,
  Session,
  type SessionOptions,
  timeByOperation,
} from '../runtime/index.ts'
import { checkGraph } from './checks.ts'
import { outputName, reachable, toMessages } from './export-graph.ts'
import {
  fedBy,
  feedsOf,
  fetchesOf,
  outputsOf,
  partsAround,
  requestOf,
  type TracedFunction,
  wholeOf,
} from './function-run.ts'
import { Graph } from './graph.ts'
import { productFlops } from './product-flops.ts'
import type {
  CompiledFunction,
  FunctionSpec,
  Inputs,
  Output,
  Pause,
  PausedCall,
  PausingFunction,
  Precision,
  Program,
  Values,
  VariableSpec,
  Variables,
} from './program.ts'
import {
  type Change,
  changeOf,
  heldBy,
  partsOf,
  type SessionVariable,
  storeRounded,
  storeVariable,
  takeContents,
} from './session-variable.ts'
import { traceFunction } from './trace.ts'
import type { Attributes, GraphNode, GraphType } from './value.ts'
import { checkValues } from './values.ts'

export interface TracedProgramOptions extends SessionOptions {
  /** Set to false to leave out the engine's own operations, as on a processor that they are not made for. */
  kernels?: boolean
}

/** What `profile` learns of one call. */
export interface Profile {
  outputs: Record<string, Output>
  /** The longest first. */
  times: OperationTime[]
  /** Floating-point operations of its matrix products; what kernels of attention do is not counted. */
  productFlops: number
}

const typeOf = { fp32: 'float32', bf16: 'bfloat16', fp16: 'float16' } as const satisfies Record<Precision, GraphType>

type Body<K extends string, O extends string> = (variables: Variables, inputs: Inputs<K>) => Record<O, Tensor>

interface DefinedFunction {
  spec: FunctionSpec<string>
  body: Body<string, string>
  /** Made at the first call, together with the variables it was traced with. */
  compiled?: TracedFunction
}

/** Traces each function once, at its first call, into one graph over the variables of a session. */
export class TracedProgram implements Program {
  readonly #session: Session
  readonly #variables = new Map<string, SessionVariable>()
  readonly #functions = new Map<string, DefinedFunction>()
  readonly #kernels: boolean
  #scopes = 0

  constructor({ kernels = true, ...options }: TracedProgramOptions = {}) {
    this.#session = new Session(options)
    this.#kernels = kernels && loadKernels()
  }

  async addVariables(specs: Record<string, VariableSpec>): Promise<void> {
    const entries = Object.entries(specs)
    for (const [name, spec] of entries) {
      if (this.#variables.has(name)) throw new TemperError('conflict', `variable ${name} exists already`)
      if (spec.data) checkValues(name, spec, spec.data)
    }
    const graph = new Graph(this.#scope('variables'))
    const added = entries.map(([name, spec]) => storeVariable(graph, name, spec))
    this.#extend(
      graph,
      added
        .flatMap(partsOf)
        .flatMap(({ graph: { assign, clear, read, destroy } }) => [assign, clear, read.node, destroy]),
    )
    const changes = added.map((variable) => changeOf(variable, specs[variable.name]?.data))
    await this.#change(changes)
    for (const variable of added) this.#variables.set(variable.name, variable)
  }

  async removeVariables(names: readonly string[]): Promise<void> {
    const targets = names.flatMap((name) => heldBy(this.#variable(name)).map(({ graph }) => graph.destroy.name))
    for (const name of names) this.#variables.delete(name)
    await this.#run({ feeds: [], fetches: [], targets })
  }

  define<K extends string, O extends string>(
    name: string,
    spec: FunctionSpec<K>,
    body: Body<K, O>,
  ): CompiledFunction<K, O> {
    if (this.#functions.has(name)) throw new TemperError('conflict', `function ${name} is defined already`)
    this.#functions.set(name, { spec, body } as DefinedFunction)
    return (feeds) => this.#call(name, feeds) as Promise<Record<O, Output>>
  }

  definePausing<K extends string, O extends string>(
    name: string,
    spec: FunctionSpec<K>,
    pause: Pause<K, NoInfer<O>>,
    body: Body<K, O>,
  ): PausingFunction<O> {
    this.define(name, spec, body)
    return (feeds) => this.#begin(name, pause, feeds) as Promise<PausedCall<O>>
  }

  /** One call like any other, with where its time went; slower than a plain one. */
  async profile(name: string, feeds: Record<string, Values>): Promise<Profile> {
    const traced = this.#compiled(name)
    const part = wholeOf(traced)
    const { outputs, nodes } = await this.#session.profile(requestOf(traced, part, feeds))
    return {
      outputs: outputsOf(traced, part, outputs),
      times: timeByOperation(nodes),
      productFlops: productFlops(traced.used),
    }
  }

  async read(names: readonly string[]): Promise<Record<string, Values>> {
    const fetches = names.flatMap((name) => partsOf(this.#variable(name)).map(({ graph }) => outputName(graph.read)))
    const outputs = await this.#run({ feeds: [], fetches, targets: [] })
    const data = outputs.map((output) => output.data as Values)
    return Object.fromEntries(names.map((name) => [name, takeContents(this.#variable(name), data)]))
  }

  async write(values: Record<string, Values>): Promise<void> {
    const variables = Object.keys(values).map((name) => this.#variable(name))
    await this.#change(variables.map((variable) => changeOf(variable, checkValues(variable.name, variable, values[variable.name])))) // biome-ignore format: one call
  }

  async keepRounded(names: readonly string[]): Promise<void> {
    if (!this.#kernels || !multipliesPairs()) return
    const graph = new Graph(this.#scope('rounded'))
    const matrices = names
      .map((name) => this.#variable(name))
      .filter(({ shape, type, inPlace, rounded }) => shape.length === 2 && type === 'float32' && inPlace && !rounded)
    const stored = matrices.map((variable) => storeRounded(graph, variable))
    this.#extend(graph, stored.flatMap(({ fill, rounded: { graph: { assign, clear, destroy } } }) => [fill, assign, clear, destroy])) // biome-ignore format: one call
    for (const [i, variable] of matrices.entries()) variable.rounded = stored[i]?.rounded
    this.#traceAnew(matrices)
    const targets = stored.map(({ fill }) => fill.name)
    if (targets.length > 0) await this.#run({ feeds: [], fetches: [], targets })
  }

  shapeOf(name: string): number[] {
    return [...this.#variable(name).shape]
  }

  close(): void {
    this.#session.close()
    this.#variables.clear()
  }

  async #call(name: string, feeds: Record<string, Values>): Promise<Record<string, Output>> {
    const traced = this.#compiled(name)
    const part = wholeOf(traced)
    return outputsOf(traced, part, await this.#run(requestOf(traced, part, feeds)))
  }

  async #begin(name: string, pause: Pause<string, string>, feeds: Record<string, Values>) {
    const traced = this.#compiled(name)
    const [first, second] = partsAround(traced, pause)
    const rest = { inputs: fedBy(traced, second).map(([, node]) => node.name), fetches: fetchesOf(traced, second) }
    const run = await this.#session.begin(requestOf(traced, first, feeds), rest)
    const finish = async (late: Record<string, Values>) =>
      outputsOf(traced, second, await run.finish(feedsOf(traced, second, late)))
    return { early: outputsOf(traced, first, run.outputs), finish }
  }

  #compiled(name: string): TracedFunction {
    const defined = this.#function(name)
    defined.compiled ??= this.#compile(name, defined)
    for (const [key, variable] of defined.compiled.variables) {
      if (this.#variables.get(key) === variable) continue
      throw new TemperError('not_found', `function ${name} uses variable ${key}, which was removed`)
    }
    return defined.compiled
  }

  /** What was traced before knows nothing of what is kept of a variable since, and would leave it as it was. */
  #traceAnew(variables: readonly SessionVariable[]): void {
    for (const defined of this.#functions.values()) {
      const held = defined.compiled?.variables
      if (held && variables.some(({ name }) => held.has(name))) defined.compiled = undefined
    }
  }

  #compile(name: string, { spec, body }: DefinedFunction): TracedFunction {
    const names = spec.variables ?? [...this.#variables.keys()]
    const variables = new Map(names.map((key) => [key, this.#variable(key)]))
    const matmulType = typeOf[spec.precision ?? 'fp32']
    const pairs = this.#kernels && matmulType === 'bfloat16' && multipliesPairs()
    const graph = new Graph(this.#scope(name), { matmulType, kernels: this.#kernels, pairs })
    const traced = traceFunction(graph, variables, spec, body)
    const outputs = Object.values(traced.outputs).map(({ output }) => output.node)
    const used = this.#extend(graph, [...outputs, ...traced.effects], Object.values(traced.placeholders))
    // Others may be removed while the function lives.
    const handles = new Set([...used].map(({ attrs }) => sharedNameOf(attrs)))
    const needed = [...variables].filter(([, { sharedName }]) => handles.has(sharedName))
    return { name, spec, traced, variables: new Map(needed), used }
  }

  /** Hands the needed part of a graph to the session. */
  #extend(graph: Graph, roots: GraphNode[], fed?: GraphNode[]): Set<GraphNode> {
    const nodes = reachable(roots)
    const placeholders = fed ?? graph.nodes.filter(({ op }) => op === 'Placeholder')
    checkGraph(nodes, new Set(placeholders.map((node) => node.name)))
    this.#session.extend(toMessages(nodes))
    return new Set(nodes)
  }

  async #change(changes: readonly Change[]): Promise<void> {
    const feeds = changes.flatMap((change) => change.feeds)
    await this.#run({ feeds, fetches: [], targets: changes.flatMap(({ targets }) => targets.map(({ name }) => name)) })
  }

  #scope(name: string): string {
    return `${name.replace(/^[^A-Za-z0-9.]|[^A-Za-z0-9_.-]/g, '_').replace(/^_/, '.')}.${this.#scopes++}`
  }

  #run(request: RunRequest) {
    return this.#session.run(request)
  }

  #variable(name: string): SessionVariable {
    const variable = this.#variables.get(name)
    if (!variable) throw new TemperError('not_found', `the program has no variable named ${name}`)
    return variable
  }

  #function(name: string): DefinedFunction {
    const defined = this.#functions.get(name)
    if (!defined) throw new TemperError('not_found', `the program has no function named ${name}`)
    return defined
  }
}

/** The variable that a node stands for, if it does. */
function sharedNameOf({ shared_name: name }: Attributes): string | undefined {
  return typeof name === 'object' && 'text' in name ? name.text : undefined
}
