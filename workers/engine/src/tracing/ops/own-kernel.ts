import { TemperError } from '@temper/db/contracts'
import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { traceScope } from './trace-scope.ts'

/** One of our own operations on float32 and int32 tensors (native/kernels), with float32 outputs. */
export interface OwnKernel {
  op: `Temper${'Gelu' | 'GatedSilu' | 'Norm' | 'TokenScores'}${'' | 'Grad'}`
  inputs: readonly Tensor[]
  /** Shapes of its outputs. */
  outputs: readonly (readonly number[])[]
  attributes?: Record<string, { int: number } | { float: number }>
}

/** Whether our kernels compute what begins with `x`: in traces for this processor, and where `x` is not of 16 bits. */
export function hasOwnKernels(x: Tensor): boolean {
  return traceScope()?.hasOwnKernels(x) ?? false
}

/** Where `hasOwnKernels` holds. Not differentiable by itself. */
export function ownKernel(call: OwnKernel): Tensor[] {
  const scope = traceScope()
  if (scope) return scope.ownKernel(call)
  throw new TemperError('internal', `${call.op} is an operation of traced functions`)
}
