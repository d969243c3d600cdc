import { TemperError } from '@temper/db/contracts'
import type { Tensor, Variable } from '@tensorflow/tfjs-node-gpu'
import { tf } from '../runtime/tf.ts'
import { allowRowWrites } from './ops/write-rows.ts'
import type {
  CompiledFunction,
  FunctionSpec,
  InputSpec,
  Inputs,
  Output,
  Pause,
  PausingFunction,
  Program,
  Values,
  VariableSpec,
  Variables,
} from './program.ts'
import { checkFeeds, checkValues, sizeOf, splitInputs, zerosOf } from './values.ts'

type Body<K extends string, O extends string> = (variables: Variables, inputs: Inputs<K>) => Record<O, Tensor>

/** Runs every function operation by operation with tfjs, always in fp32: the meaning that traced programs must match. */
export class EagerProgram implements Program {
  readonly #specs = new Map<string, VariableSpec>()
  readonly #variables = new Map<string, Variable>()
  readonly #functions = new Set<string>()

  async addVariables(specs: Record<string, VariableSpec>): Promise<void> {
    for (const [name, spec] of Object.entries(specs)) {
      if (this.#specs.has(name)) throw new TemperError('conflict', `variable ${name} exists already`)
      const data = checkValues(name, spec, spec.data ?? zerosOf(spec.dtype, sizeOf(spec.shape)))
      const variable = tf.tidy(() => tf.variable(tensorOf(data, spec)))
      if (spec.inPlace) allowRowWrites(variable)
      this.#specs.set(name, { ...spec, data: undefined })
      this.#variables.set(name, variable)
    }
  }

  async removeVariables(names: readonly string[]): Promise<void> {
    for (const name of names) {
      this.#variable(name).dispose()
      this.#specs.delete(name)
      this.#variables.delete(name)
    }
  }

  define<K extends string, O extends string>(
    name: string,
    spec: FunctionSpec<K>,
    body: Body<K, O>,
  ): CompiledFunction<K, O> {
    if (this.#functions.has(name)) throw new TemperError('conflict', `function ${name} is defined already`)
    this.#functions.add(name)
    return async (feeds) => {
      checkFeeds(name, spec.inputs, feeds)
      const names = spec.variables ?? [...this.#variables.keys()]
      const variables = Object.fromEntries(names.map((key) => [key, this.#variable(key)]))
      const outputs = tf.tidy(() => body(variables, tensorsOf(spec, feeds)))
      return fetchAll(outputs)
    }
  }

  /** tfjs cannot pause: the whole function runs on zeros, what it changed is put back, and `finish` runs it again. */
  definePausing<K extends string, O extends string>(
    name: string,
    spec: FunctionSpec<K>,
    { early, late }: Pause<K, NoInfer<O>>,
    body: Body<K, O>,
  ): PausingFunction<O> {
    const call = this.define(name, spec, body)
    const { before: first, after: rest } = splitInputs(spec.inputs, late)
    const zeros = Object.fromEntries(Object.entries(rest).map(([key, { dtype, shape }]) => [key, zerosOf(dtype, sizeOf(shape))])) // biome-ignore format: one record
    return async (feeds) => {
      checkFeeds(name, first, feeds)
      const before = await this.read([...this.#variables.keys()])
      const outputs = await call({ ...feeds, ...zeros } as Record<K, Values>)
      await this.write(before)
      const isEarly = (key: string) => early.some((name) => name === key)
      const finish = async (given: Record<string, Values>) => {
        const all = await call({ ...feeds, ...checkFeeds(name, rest, given) } as Record<K, Values>)
        return only(all, (key) => !isEarly(key))
      }
      return { early: only(outputs, isEarly), finish }
    }
  }

  async read(names: readonly string[]): Promise<Record<string, Values>> {
    return Object.fromEntries(names.map((name) => [name, this.#variable(name).dataSync().slice() as Values]))
  }

  async write(values: Record<string, Values>): Promise<void> {
    for (const [name, data] of Object.entries(values)) {
      const variable = this.#variable(name)
      const spec = this.#spec(name)
      checkValues(name, spec, data)
      tf.tidy(() => variable.assign(tensorOf(data, spec)))
    }
  }

  /** Checks the names alone: there is no bf16 here. */
  async keepRounded(names: readonly string[]): Promise<void> {
    for (const name of names) this.#variable(name)
  }

  shapeOf(name: string): number[] {
    return [...this.#spec(name).shape]
  }

  close(): void {
    for (const variable of this.#variables.values()) variable.dispose()
    this.#variables.clear()
    this.#specs.clear()
  }

  #spec(name: string): VariableSpec {
    const spec = this.#specs.get(name)
    if (!spec) throw new TemperError('not_found', `the program has no variable named ${name}`)
    return spec
  }

  #variable(name: string): Variable {
    const variable = this.#variables.get(name)
    if (!variable) throw new TemperError('not_found', `the program has no variable named ${name}`)
    return variable
  }
}

function only<T>(record: Record<string, T>, isWanted: (key: string) => boolean): Record<string, T> {
  return Object.fromEntries(Object.entries(record).filter(([key]) => isWanted(key)))
}

function tensorOf(values: Values, spec: InputSpec): Tensor {
  return tf.tensor(values, [...spec.shape], spec.dtype)
}

function tensorsOf<K extends string>(spec: FunctionSpec<K>, feeds: Record<K, Values>): Inputs<K> {
  const keys = Object.keys(spec.inputs) as K[]
  const tensor = (key: K) => tensorOf(feeds[key], spec.inputs[key])
  return Object.fromEntries(keys.map((key) => [key, tensor(key)])) as Inputs<K>
}

/** Copies outputs out of TensorFlow and frees them; booleans leave as int32. */
function fetchAll<O extends string>(outputs: Record<O, Tensor>): Record<O, Output> {
  const fetched = Object.entries<Tensor>(outputs).map(([key, tensor]) => {
    const data = tensor.dataSync()
    return [
      key,
      { shape: [...tensor.shape], data: data instanceof Float32Array ? data.slice() : Int32Array.from(data) },
    ]
  })
  // An output may be a variable itself or appear twice; only what this call made is freed.
  for (const tensor of new Set(Object.values<Tensor>(outputs))) {
    if (!(tensor instanceof tf.Variable)) tensor.dispose()
  }
  return Object.fromEntries(fetched) as Record<O, Output>
}
