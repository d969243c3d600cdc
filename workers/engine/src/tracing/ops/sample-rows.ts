import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { traceScope } from './trace-scope.ts'

/** `logits` and `penalized` (B, V), all others (B); `topK` int32. A temperature of 0 is greedy. */
export type SampleRows = Record<'logits' | 'penalized' | 'uniforms' | 'temperature' | 'topK' | 'topP' | 'minP', Tensor>

/**
 * A token of each row, drawn from `penalized` after temperature, top-k, top-p and min-p, and its log-prob by `logits`
 * at the temperature. Undefined where no kernel is there: compose it of other operations then.
 * @returns ids (B) int32 and logps (B)
 */
export function sampleRows(rows: SampleRows): Record<'ids' | 'logps', Tensor> | undefined {
  return traceScope()?.sampleRows(rows)
}
