import { TemperError } from '@temper/db/contracts'
import type {
  backend_util,
  DataId,
  DataType,
  NamedAttrMap,
  NamedTensorInfoMap,
  Tensor,
  TensorInfo,
} from '@tensorflow/tfjs-node-gpu'
import { tf } from '../runtime/tf.ts'
import type { Graph } from './graph.ts'
import { kernels } from './kernels/index.ts'
import type { Kernel } from './kernels/kernel.ts'
import { type GraphType, isFloat, isNarrow, type TypedValues, type Value } from './value.ts'

export const backendName = 'temper-trace'

interface Data {
  value: Value
  references: number
}

/** A tfjs backend whose kernels compute nothing: each adds nodes to the graph of the trace in progress. */
class TraceBackend extends tf.KernelBackend {
  graph: Graph | undefined
  readonly #data = new WeakMap<DataId, Data>()
  #count = 0

  /** The graph's value behind a tensor; one made outside the trace becomes a constant. */
  graphValue(tensor: TensorInfo): Value {
    const known = this.#data.get(tensor.dataId)
    if (known) return known.value
    const values = (tensor as Tensor).dataSync() as TypedValues
    return this.current().constant(values.slice(), tensor.shape, tensor.dtype as GraphType)
  }

  infoOf(value: Value): TensorInfo {
    const dataId = {}
    this.#data.set(dataId, { value, references: 1 })
    this.#count++
    const dtype = isNarrow(value.type) ? 'float32' : value.type === 'int8' ? 'int32' : value.type
    return { dataId, shape: [...value.shape], dtype: dtype as DataType }
  }

  makeTensor(value: Value): Tensor {
    return tf.engine().makeTensorFromTensorInfo(this.infoOf(value))
  }

  current(): Graph {
    if (!this.graph) throw new TemperError('internal', 'a tensor of a traced function is used after its trace')
    return this.graph
  }

  override write(values: backend_util.BackendValues, shape: number[], dtype: DataType): DataId {
    return this.infoOf(this.current().constant(typed(values, dtype), shape, dtype as GraphType)).dataId
  }

  override move(dataId: DataId, values: backend_util.BackendValues, shape: number[], dtype: DataType): void {
    const value = this.current().constant(typed(values, dtype), shape, dtype as GraphType)
    this.#data.set(dataId, { value, references: 1 })
    this.#count++
  }

  override readSync(): never {
    throw new TemperError(
      'unsupported',
      'a traced function reads a tensor (dataSync, arraySync, print): its values are not known while tracing',
    )
  }

  override async read(): Promise<never> {
    return this.readSync()
  }

  override incRef(dataId: DataId): void {
    const data = this.#data.get(dataId)
    if (data) data.references++
  }

  override refCount(dataId: DataId): number {
    return this.#data.get(dataId)?.references ?? 0
  }

  /** The value stays: nodes that were built from it do not go away with the tensor. */
  override disposeData(dataId: DataId, force = false): boolean {
    const data = this.#data.get(dataId)
    if (!data) return true
    data.references--
    if (data.references > 0 && !force) return false
    this.#count--
    return true
  }

  override numDataIds(): number {
    return this.#count
  }

  override floatPrecision(): 16 | 32 {
    return 32
  }

  override epsilon(): number {
    return 1e-7
  }

  override timerAvailable(): boolean {
    return false
  }

  override dispose(): void {
    this.graph = undefined
  }
}

export type { TraceBackend }

let backend: TraceBackend | undefined

/** Registers backend and kernels with tfjs on the first call. */
export function traceBackend(): TraceBackend {
  if (backend) return backend
  const made = new TraceBackend()
  tf.registerBackend(backendName, () => made, 0)
  for (const [kernelName, kernel] of Object.entries(kernels)) {
    tf.registerKernel({ kernelName, backendName, kernelFunc: (call) => run(made, kernel, call) })
  }
  for (const { kernelName } of tf.getKernelsForBackend('tensorflow')) {
    if (!(kernelName in kernels)) tf.registerKernel({ kernelName, backendName, kernelFunc: () => refuse(kernelName) })
  }
  backend = made
  return made
}

/** Runs `body` with tfjs set to trace into `graph`; synchronous, and tfjs is as before afterwards. */
export function withTracing<T>(graph: Graph, body: (backend: TraceBackend) => T): T {
  const tracing = traceBackend()
  const previous = tf.getBackend()
  const random = Math.random
  tracing.graph = graph
  // tfjs' own random operations draw in JavaScript: traced, they would repeat the same numbers in every run.
  Math.random = () => refuse('random numbers drawn while tracing (use statelessUniform)')
  void tf.setBackend(backendName)
  try {
    return scoped(() => body(tracing))
  } finally {
    Math.random = random
    tracing.graph = undefined
    void tf.setBackend(previous)
  }
}

/** `tf.tidy` for any result: tensors made inside are freed. */
function scoped<T>(body: () => T): T {
  tf.engine().startScope('trace')
  try {
    return body()
  } finally {
    tf.engine().endScope()
  }
}

function refuse(what: string): never {
  throw new TemperError('unsupported', `a traced function cannot use ${what}`, { details: { kernel: what } })
}

interface KernelCall {
  inputs: NamedTensorInfoMap
  attrs?: NamedAttrMap
}

function run(tracing: TraceBackend, kernel: Kernel, { inputs, attrs = {} }: KernelCall): TensorInfo | TensorInfo[] {
  const graph = tracing.current()
  const given = Object.entries(inputs).flatMap(([key, tensor]) =>
    tensor ? [[key, tracing.graphValue(tensor)] as const] : [],
  )
  const fitted = fit(graph, kernel, given.map(([, value]) => value)) // biome-ignore format: one call
  const named = given.map(([key], i) => [key, fitted[i]] as const)
  // tfjs hands the inputs of Concat, Pack and AddN over as a list.
  const values = Array.isArray(inputs) ? fitted : Object.fromEntries(named)
  const out = kernel.emit(graph, values as Record<string, Value>, attrs as Record<string, unknown>)
  return Array.isArray(out) ? out.map((value) => tracing.infoOf(value)) : tracing.infoOf(out)
}

/** Brings operands to the precision that the kernel wants. */
function fit(graph: Graph, { narrow }: Kernel, values: Value[]): Value[] {
  const held = values.find(({ type }) => isNarrow(type))?.type
  if (narrow === 'own' || held === undefined) return values
  const wide = values.some((value) => value.type === 'float32' && value.uniform === undefined)
  const stays = narrow === 'follow' || (narrow === 'range' && held === 'bfloat16')
  const type = stays && !wide ? held : 'float32'
  return values.map((value) => (isFloat(value.type) ? graph.cast(value, type) : value))
}

function typed(values: backend_util.BackendValues, dtype: DataType): TypedValues {
  switch (dtype) {
    case 'float32':
      return Float32Array.from(values as ArrayLike<number>)
    case 'int32':
      return Int32Array.from(values as ArrayLike<number>)
    case 'bool':
      return Uint8Array.from(values as ArrayLike<number>)
    default:
      return refuse(`tensors of ${dtype}`)
  }
}
