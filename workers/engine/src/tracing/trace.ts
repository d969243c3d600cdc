import { TemperError } from '@temper/db/contracts'
import type { Tensor, Variable } from '@tensorflow/tfjs-node-gpu'
import { tf } from '../runtime/tf.ts'
import { type TraceBackend, withTracing } from './backend.ts'
import { Branch } from './branch.ts'
import type { Graph } from './graph.ts'
import { type AdamWSettings, type AdamWVariables, adamWScalars, scaledGradient } from './ops/apply-adamw.ts'
import type { CachedAttention } from './ops/cached-attention.ts'
import { type OwnKernel, ownTypes } from './ops/own-kernel.ts'
import type { Attended, AttentionGradients, PackedAttention } from './ops/packed-attention.ts'
import type { SampleRows } from './ops/sample-rows.ts'
import { type TraceScope, withTraceScope } from './ops/trace-scope.ts'
import { allowRowWrites } from './ops/write-rows.ts'
import { orderReaders } from './order-readers.ts'
import type { FunctionSpec, InputSpec, Inputs, Variables } from './program.ts'
import { type StoredVariable, TracedVariable } from './traced-variable.ts'
import type { GraphNode, GraphType, NodeOutput, Value } from './value.ts'

/** Queries, keys and values (B, T, H, hd). */
type Factors = [Value, Value, Value]

/** A function's graph before it is exported: what to feed, what to fetch, what to run for its effect. */
export interface Traced {
  placeholders: Record<string, GraphNode>
  outputs: Record<string, { output: NodeOutput; shape: number[] }>
  effects: GraphNode[]
}

/** float32 scalars; see `applyAdamW`. */
type AdamWRates = Record<'decay' | 'rate' | 'epsilon', Tensor>

type Body<K extends string> = (variables: Variables, inputs: Inputs<K>) => Record<string, Tensor>

/** Runs `body` once on tensors without values and keeps the operations it performs as nodes of `graph`. */
export function traceFunction<K extends string>(
  graph: Graph,
  stored: ReadonlyMap<string, StoredVariable>,
  spec: FunctionSpec<K>,
  body: Body<K>,
): Traced {
  return withTracing(graph, (backend) => new Trace(graph, backend, stored).run(spec, body))
}

class Trace implements TraceScope {
  readonly #graph: Graph
  readonly #backend: TraceBackend
  readonly #variables = new Map<Variable, TracedVariable>()
  readonly #named: Variables = {}
  readonly #branches = new Map<Value, Branch>()

  constructor(graph: Graph, backend: TraceBackend, stored: ReadonlyMap<string, StoredVariable>) {
    this.#graph = graph
    this.#backend = backend
    for (const [name, variable] of stored) this.#named[name] = this.#makeVariable(variable)
  }

  run<K extends string>(spec: FunctionSpec<K>, body: Body<K>): Traced {
    try {
      const placeholders = this.#makePlaceholders(spec.inputs)
      const tensors = Object.entries<Value>(placeholders).map(([key, value]) => [key, this.#backend.makeTensor(value)])
      const results = withTraceScope(this, () => body(this.#named, Object.fromEntries(tensors)))
      const outputs = Object.entries(results).map(([key, tensor]) => [key, this.#fetch(tensor)])
      for (const variable of this.#variables.keys()) this.#flush(variable)
      const traced: Traced = {
        placeholders: Object.fromEntries(
          Object.entries(placeholders).map(([key, value]) => [key, value.output().node]),
        ),
        outputs: Object.fromEntries(outputs),
        effects: [...this.#variables.values()].flatMap((variable) => variable.effects),
      }
      orderReaders([...Object.values(traced.outputs).map(({ output }) => output.node), ...traced.effects])
      return traced
    } finally {
      for (const variable of this.#variables.keys()) variable.dispose()
    }
  }

  /** The bias corrections are folded into rate and epsilon. */
  applyAdamW(variables: AdamWVariables, grad: Tensor, settings: AdamWSettings): void {
    const { param, m, v } = variables
    const traced = [param, m, v].map((variable) => this.#flush(variable))
    const { stepSize, rootCorrection } = adamWScalars(settings)
    const rates = {
      decay: tf.mul(settings.learningRate, settings.weightDecay),
      rate: tf.mul(stepSize, rootCorrection),
      epsilon: tf.mul(rootCorrection, settings.epsilon),
    }
    if (this.#graph.kernels && traced.every(({ inPlace }) => inPlace)) {
      this.#updateInPlace(traced, grad, rates, settings)
    } else {
      this.#updateByTensorFlow(traced, param, grad, rates, settings)
    }
    for (const variable of [param, m, v]) this.#renew(variable)
  }

  /** One pass over memory: gradients in the type they come in, their scale and the decay on the way. */
  #updateInPlace(traced: TracedVariable[], grad: Tensor, rates: AdamWRates, settings: AdamWSettings): void {
    const { beta1, beta2, gradScale = tf.scalar(1), when = tf.scalar(true, 'bool') } = settings
    const given = this.#value(grad)
    const value = given.type === 'float16' ? this.#graph.cast(given, 'float32') : given
    const scalars = [rates.decay, rates.rate, rates.epsilon, gradScale].map((one) => this.#value(one))
    const condition = this.#value(when)
    const rounded = traced.flatMap((variable) => variable.rounded ?? [])
    const attrs = { T: value.type, beta1: { float: beta1 }, beta2: { float: beta2 }, rounded: { int: rounded.length } }
    TracedVariable.overwriteLast('TemperAdamW', [...traced, ...rounded], [value, ...scalars, condition], attrs, condition) // biome-ignore format: one call
  }

  /** Decay first, then TensorFlow's Adam. */
  #updateByTensorFlow(
    traced: TracedVariable[],
    param: Variable,
    grad: Tensor,
    { decay, rate, epsilon }: AdamWRates,
    settings: AdamWSettings,
  ): void {
    const branch = settings.when && this.#branchOn(settings.when)
    if (settings.weightDecay !== 0) {
      const decayed = [this.#value(tf.mul(param, decay))]
      traced[0]?.write('AssignSubVariableOp', decayed, { dtype: 'float32' }, branch)
    }
    const scalar = (value: number) => this.#graph.uniform(value, [], 'float32')
    const scaled = this.#graph.cast(this.#value(scaledGradient(grad, settings)), 'float32')
    // With both powers of beta zero, TensorFlow adds no bias correction of its own.
    const inputs = [scalar(0), scalar(0), this.#value(rate), scalar(settings.beta1), scalar(settings.beta2)]
    inputs.push(this.#value(epsilon), scaled)
    const attrs = { T: 'float32' as const, use_locking: false, use_nesterov: false }
    TracedVariable.writeTogether('ResourceApplyAdam', traced, inputs, attrs, branch)
  }

  writeRows(variable: Variable, rows: Tensor, values: Tensor): Tensor {
    const traced = this.#flush(variable)
    const contents = traced.writeRows(this.#value(rows), this.#value(values))
    const tensor = this.#backend.makeTensor(contents)
    variable.assign(tensor)
    traced.synced = variable.dataId
    return tensor
  }

  copyRows(variable: Variable, from: Tensor, to: Tensor): void {
    const traced = this.#flush(variable)
    variable.assign(this.#backend.makeTensor(traced.copyRows(this.#value(from), this.#value(to))))
    traced.synced = variable.dataId
  }

  cachedAttention({ keys, values, length, window = 0, q, k, v, ...sequences }: CachedAttention): Tensor | undefined {
    if (!this.#graph.kernels) return undefined
    const wide = (tensor: Tensor) => this.#graph.cast(this.#value(tensor), 'float32')
    const inputs = [wide(q), wide(k), wide(v)]
    const places = [sequences.slots, sequences.starts, sequences.counts].map((tensor) => this.#value(tensor))
    const out = TracedVariable.overwrite([this.#flush(keys), this.#flush(values)], (contents) => {
      const attrs = { Tcache: contents[0]?.type ?? 'float32', length: { int: length }, window: { int: window } }
      const result = { type: 'float32', shape: q.shape } as const
      return this.#graph.emit('TemperCachedAttention', [...inputs, ...contents, ...places], attrs, result)
    })
    for (const variable of [keys, values]) this.#renew(variable)
    return this.#backend.makeTensor(out)
  }

  packedAttention(call: PackedAttention): Attended | undefined {
    if (!this.#graph.kernels) return undefined
    const [q, k, v] = this.#factors([call.q, call.k, call.v]) as Factors
    const { inputs, attrs } = this.#attentionOf(call, [q, k, v])
    const sums = { type: 'float32', shape: call.q.shape.slice(0, 3) } as const
    const results = [q, sums].map(({ type, shape }) => ({ type, shape }))
    const all = [...inputs, ...this.#placesOf(call)]
    const [out, logSums] = this.#graph.emitAll('TemperPackedAttention', all, attrs, results) as [Value, Value]
    return { out: this.#backend.makeTensor(this.#graph.swapped(out)), logSums: this.#backend.makeTensor(logSums) }
  }

  packedAttentionGradients(call: PackedAttention, left: Attended, dOut: Tensor): AttentionGradients | undefined {
    if (!this.#graph.kernels) return undefined
    const graph = this.#graph
    const factors = this.#factors([call.q, call.k, call.v]) as Factors
    const [out, grad] = this.#factors([left.out, dOut]) as [Value, Value]
    const { inputs, attrs, joined } = this.#attentionOf(call, factors)
    const all = [...inputs, out, this.#value(left.logSums), grad, ...this.#placesOf(call)]
    const type = this.#attentionType()
    const shapes = joined ? [joined.shape, [0], [0]] : factors.map(({ shape }) => shape)
    const results = shapes.map((shape) => ({ type, shape }))
    const made = graph.emitAll('TemperPackedAttentionGrad', all, attrs, results) as Factors
    const parts = joined ? graph.parts(made[0], factors.map(widthOf)) : made
    const grads = parts.map((part, i) => graph.swapped(graph.reshape(part, factors[i]?.shape ?? [])))
    const [dQ, dK, dV] = grads.map((value) => this.#backend.makeTensor(value)) as [Tensor, Tensor, Tensor]
    return { dQ, dK, dV }
  }

  /** Queries, keys and values as the kernel is given them: parts of one tensor are read where they lie. */
  #attentionOf({ window = 0 }: PackedAttention, factors: Factors) {
    const [q, k] = factors
    const parts = factors.filter(({ part }) => part)
    const flat = parts.map((factor) => this.#graph.reshape(factor, [...factor.shape.slice(0, 2), widthOf(factor)]))
    const joined = this.#graph.joined(flat)
    const heads = { heads: { int: q.shape[2] ?? 0 }, kv_heads: { int: k.shape[2] ?? 0 } }
    const attrs = { T: q.type, window: { int: window }, ...heads, joined: { int: joined ? 1 : 0 } }
    return { inputs: joined ? [joined, joined, joined] : factors, attrs, joined }
  }

  /** The kernel takes what matrix products take where it can, and sums in fp32 always. */
  #attentionType(): GraphType {
    return this.#graph.matmulType === 'bfloat16' ? 'bfloat16' : 'float32'
  }

  /** (B, T, H, hd), as projections leave them. */
  #factors(tensors: Tensor[]): Value[] {
    const graph = this.#graph
    return tensors.map((tensor) => graph.swapped(graph.cast(this.#value(tensor), this.#attentionType())))
  }

  #placesOf({ segments, parents = segments, positions }: PackedAttention): Value[] {
    return [segments, parents, positions].map((tensor) => this.#value(tensor))
  }

  notBefore(x: Tensor, other: Tensor): Tensor {
    const value = this.#value(x)
    const same = this.#graph.emit('Identity', [value], { T: value.type }, value)
    same.output().node.controls.push(this.#value(other).output().node)
    return this.#backend.makeTensor(same)
  }

  sampleRows({ logits, penalized, ...settings }: SampleRows): Record<'ids' | 'logps', Tensor> | undefined {
    if (!this.#graph.kernels) return undefined
    const { uniforms, temperature, topK, topP, minP } = settings
    const type = logits === penalized ? this.#value(logits).type : 'float32'
    const rows = [logits, penalized].map((tensor) => this.#graph.cast(this.#value(tensor), type))
    const inputs = [...rows, ...[uniforms, temperature, topK, topP, minP].map((tensor) => this.#value(tensor))]
    const results = (['int32', 'float32'] as const).map((dtype) => ({ type: dtype, shape: uniforms.shape }))
    const [ids, logps] = this.#graph.emitAll('TemperSample', inputs, { T: type }, results) as [Value, Value]
    return { ids: this.#backend.makeTensor(ids), logps: this.#backend.makeTensor(logps) }
  }

  hasOwnKernels(x: Tensor): boolean {
    return this.#graph.kernels && this.#value(x).type !== 'float16'
  }

  ownKernel({ op, inputs, outputs, attributes = {} }: OwnKernel): Tensor[] {
    const given = inputs.map((tensor) => this.#value(tensor))
    const types = ownTypes(op, given[0]?.type)
    const values = types.inputs.map((type, i) => this.#graph.cast(given[i] as Value, type))
    const results = types.outputs.map((type, i) => ({ type, shape: [...(outputs[i] as number[])] }))
    const made = this.#graph.emitAll(op, values, { ...attributes, ...types.attributes }, results)
    return made.map((value) => this.#backend.makeTensor(value))
  }

  /** One branch a condition, however many variables change in it. */
  #branchOn(condition: Tensor): Branch {
    const value = this.#value(condition)
    const branch = this.#branches.get(value) ?? new Branch(this.#graph, value)
    this.#branches.set(value, branch)
    return branch
  }

  /** A variable's assignment is pending while its data are not what the session holds. */
  #flush(variable: Variable): TracedVariable {
    const traced = this.#variables.get(variable)
    if (!traced) throw new TemperError('invalid_input', `${variable.name} is no variable of this function`)
    if (variable.dataId !== traced.synced) traced.assign(this.#value(variable))
    traced.synced = variable.dataId
    return traced
  }

  /** After an update inside the session, later reads see the new contents. */
  #renew(variable: Variable): void {
    const traced = this.#variables.get(variable)
    if (!traced) return
    variable.assign(this.#backend.makeTensor(traced.readAgain()))
    traced.synced = variable.dataId
  }

  #makeVariable(stored: StoredVariable): Variable {
    const traced = new TracedVariable(this.#graph, stored)
    const scales = stored.scales && new TracedVariable(this.#graph, stored.scales)
    const contents = scales ? this.#graph.quantized(traced.read, scales.read) : traced.read
    const variable = tf.variable(this.#backend.makeTensor(contents))
    traced.synced = variable.dataId
    if (stored.inPlace) allowRowWrites(variable)
    this.#variables.set(variable, traced)
    return variable
  }

  #makePlaceholders(inputs: Record<string, InputSpec>): Record<string, Value> {
    const make = ({ dtype, shape }: InputSpec) =>
      this.#graph.emit('Placeholder', [], { dtype, shape: { shape } }, { type: dtype, shape })
    return Object.fromEntries(Object.entries(inputs).map(([key, spec]) => [key, make(spec)]))
  }

  /** Outputs leave as float32 or int32, and never as a view of memory that a later run writes into. */
  #fetch(tensor: Tensor): { output: NodeOutput; shape: number[] } {
    const value = this.#graph.cast(this.#value(tensor), tensor.dtype === 'float32' ? 'float32' : 'int32')
    const owned = TracedVariable.aliasesInPlace(value) ? TracedVariable.copy(this.#graph, value) : value
    const { node } = owned.output()
    // TensorFlow hands back nothing that is fed.
    const fetched = node.op === 'Placeholder' ? this.#graph.emit('Identity', [owned], { T: owned.type }, owned) : owned
    return { output: fetched.output(), shape: [...tensor.shape] }
  }

  #value(tensor: Tensor): Value {
    return this.#backend.graphValue(tensor)
  }
}

/** What all heads of (B, T, H, hd) come to. */
function widthOf({ shape }: Value): number {
  return (shape[2] ?? 0) * (shape[3] ?? 0)
}
