import { TemperError } from '@temper/db/contracts'
import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import type { Attributes, GraphType } from '../value.ts'
import { traceScope } from './trace-scope.ts'

type Typed = 'T' | 'float32' | 'int32'

/** Types of the inputs and outputs of our own operations (native/kernels). */
const signatures = {
  TemperGelu: { inputs: ['T'], outputs: ['T'] },
  TemperGeluGrad: { inputs: ['T', 'T'], outputs: ['T'] },
  TemperGatedSilu: { inputs: ['T', 'T'], outputs: ['T'] },
  TemperGatedSiluGrad: { inputs: ['T', 'T', 'T'], outputs: ['T', 'T'] },
  TemperNorm: { inputs: ['float32', 'float32', 'float32'], outputs: ['float32', 'float32', 'float32'] },
  TemperNormGrad: {
    inputs: ['float32', 'float32', 'float32', 'float32', 'float32'],
    outputs: ['float32', 'float32', 'float32'],
  },
  TemperRope: { inputs: ['T', 'float32', 'float32'], outputs: ['T'] },
  TemperTokenScores: { inputs: ['T', 'int32'], outputs: ['float32', 'float32'] },
  TemperTokenScoresGrad: { inputs: ['T', 'int32', 'float32', 'float32'], outputs: ['T'] },
} as const satisfies Record<string, Record<'inputs' | 'outputs', readonly Typed[]>>

/** T is bf16 where the first input is, else float32. */
export function ownTypes(op: keyof typeof signatures, first: GraphType | undefined) {
  const { inputs, outputs }: Record<'inputs' | 'outputs', readonly Typed[]> = signatures[op]
  const T: GraphType = first === 'bfloat16' ? first : 'float32'
  const named = (types: readonly Typed[]) => types.map((type) => (type === 'T' ? T : type))
  const attributes: Attributes = inputs.includes('T') ? { T } : {}
  return { inputs: named(inputs), outputs: named(outputs), attributes }
}

/** One call of them. Inputs are cast to what the operation takes. */
export interface OwnKernel {
  op: keyof typeof signatures
  inputs: readonly Tensor[]
  /** Shapes of its outputs. */
  outputs: readonly (readonly number[])[]
  attributes?: Record<string, { int: number } | { float: number }>
}

/** Whether our kernels compute what begins with `x`: in traces for this processor, and where `x` is not fp16. */
export function hasOwnKernels(x: Tensor): boolean {
  return traceScope()?.hasOwnKernels(x) ?? false
}

/** Where `hasOwnKernels` holds. Not differentiable by itself. */
export function ownKernel(call: OwnKernel): Tensor[] {
  const scope = traceScope()
  if (scope) return scope.ownKernel(call)
  throw new TemperError('internal', `${call.op} is an operation of traced functions`)
}
