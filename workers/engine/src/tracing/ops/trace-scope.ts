import type { Tensor, Variable } from '@tensorflow/tfjs-node-gpu'
import type { AdamWSettings, AdamWVariables } from './apply-adamw.ts'
import type { CachedAttention } from './cached-attention.ts'
import type { OwnKernel } from './own-kernel.ts'
import type { Attended, AttentionGradients, PackedAttention } from './packed-attention.ts'
import type { SampleRows } from './sample-rows.ts'

/** What a trace in progress does instead of changing state at once. */
export interface TraceScope {
  applyAdamW(variables: AdamWVariables, grad: Tensor, settings: AdamWSettings): void
  writeRows(variable: Variable, rows: Tensor, values: Tensor): Tensor
  copyRows(variable: Variable, from: Tensor, to: Tensor): void
  notBefore(x: Tensor, other: Tensor): Tensor
  /** These are undefined where the processor has no kernel for them. */
  cachedAttention(call: CachedAttention): Tensor | undefined
  packedAttention(call: PackedAttention): Attended | undefined
  packedAttentionGradients(call: PackedAttention, attended: Attended, dOut: Tensor): AttentionGradients | undefined
  sampleRows(rows: SampleRows): Record<'ids' | 'logps', Tensor> | undefined
  hasOwnKernels(x: Tensor): boolean
  ownKernel(call: OwnKernel): Tensor[]
}

let current: TraceScope | undefined

/** The trace in progress, undefined while code runs eagerly. Tracing is synchronous, so there is at most one. */
export function traceScope(): TraceScope | undefined {
  return current
}

export function withTraceScope<T>(scope: TraceScope, body: () => T): T {
  const outer = current
  current = scope
  try {
    return body()
  } finally {
    current = outer
  }
}
