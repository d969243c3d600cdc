import type { Tensor, Variable } from '@tensorflow/tfjs-node-gpu'

export type Storage = 'fp32' | 'bf16' | 'int8'

/** What crosses between JavaScript and TensorFlow: float32 and int32 only; bf16 exists inside graphs alone. */
export type DType = 'float32' | 'int32'
export type Values = Float32Array | Int32Array

export interface VariableSpec {
  shape: readonly number[]
  dtype: DType
  /** Zeros unless given. */
  data?: Values
  /**
   * Set for a variable that is changed in its own memory, which is never shared: one whose rows `writeRows` updates, such
   * as a key/value cache, or one that `applyAdamW` trains. The latter then takes one pass over memory.
   */
  inPlace?: boolean
  /**
   * How a traced program keeps a float32 variable; values cross as float32. bf16 halves it. int8 is for matrices that no
   * function changes: a quarter, each number rounded to a 127th of the largest of its row. Default fp32.
   */
  storage?: Storage
}

export interface InputSpec {
  shape: readonly number[]
  dtype: DType
}

export type Output = { shape: number[]; data: Values }
export type Variables = Record<string, Variable>
export type Inputs<K extends string> = Record<K, Tensor>

/** What matrix products are computed in. */
export type Precision = 'fp32' | 'bf16' | 'fp16'

export interface FunctionSpec<K extends string> {
  inputs: Record<K, InputSpec>
  /** Variables the function may read or assign; all of the program unless set. */
  variables?: readonly string[]
  /** Of matrix products; variables, norms, softmax and losses stay fp32. Default fp32. */
  precision?: Precision
}

/** One call runs the whole step: reads first, then assignments, then the outputs are handed back. */
export type CompiledFunction<K extends string, O extends string> = (
  feeds: Record<K, Values>,
) => Promise<Record<O, Output>>

/** Where a function pauses: outputs that it hands back by then, which need none of the inputs that it gets afterwards. */
export interface Pause<K extends string, O extends string> {
  early: readonly O[]
  late: readonly K[]
}

/** Of the call of a function that pauses. Nothing is assigned before `finish`, which may be called once. */
export interface PausedCall<O extends string> {
  early: Record<O, Output>
  finish(late: Record<string, Values>): Promise<Record<O, Output>>
}

/** Begins a call with all inputs but the late ones. */
export type PausingFunction<O extends string> = (feeds: Record<string, Values>) => Promise<PausedCall<O>>

/**
 * Named state and functions over it. `TracedProgram` turns each function into one TensorFlow graph over session
 * variables; `EagerProgram` runs the same code operation by operation. Both must agree.
 */
export interface Program {
  addVariables(specs: Record<string, VariableSpec>): Promise<void>
  /** Frees variables that no function will read again. */
  removeVariables(names: readonly string[]): Promise<void>
  /** Functions may be added while the program lives; a new shape is a new function. Names are unique. */
  define<K extends string, O extends string>(
    name: string,
    spec: FunctionSpec<K>,
    body: (variables: Variables, inputs: Inputs<K>) => Record<O, Tensor>,
  ): CompiledFunction<K, O>
  /** The same for a function that is to be given some of its inputs only once it has handed back some of its outputs. */
  definePausing<K extends string, O extends string>(
    name: string,
    spec: FunctionSpec<K>,
    pause: Pause<K, NoInfer<O>>,
    body: (variables: Variables, inputs: Inputs<K>) => Record<O, Tensor>,
  ): PausingFunction<O>
  read(names: readonly string[]): Promise<Record<string, Values>>
  write(values: Record<string, Values>): Promise<void>
  /**
   * Says that products in bf16 will read these matrices again and again, between updates by `applyAdamW`. Where the
   * processor multiplies bf16 they are kept in it as well, which costs 2 bytes a number and halves what is read; the
   * numbers are the same.
   */
  keepRounded(names: readonly string[]): Promise<void>
  shapeOf(name: string): number[]
  close(): void
}
