import type { Graph } from '../graph.ts'
import type { Value } from '../value.ts'

/**
 * What happens to operands held in bf16 or fp16:
 * `widen`: they are cast to fp32 (sums, exponentials, losses: where digits matter);
 * `follow`: the operation runs in their type if all its float operands are of it, else in fp32;
 * `range`: so does it in bf16, but fp16 is cast to fp32, since the result may be larger than fp16 can hold;
 * `own`: the kernel sees to it.
 */
export type Narrow = 'widen' | 'follow' | 'range' | 'own'

/** How one tfjs kernel becomes TensorFlow nodes: the shape and type rule together with the node. */
export interface Kernel<Inputs = Record<string, Value>, Attrs = Record<string, unknown>> {
  narrow: Narrow
  emit(graph: Graph, inputs: Inputs, attrs: Attrs): Value | Value[]
}

// Each kernel knows its own inputs and attributes; tfjs guarantees them by name only.
// biome-ignore lint/suspicious/noExplicitAny: the table is where the types of single kernels are forgotten
export type KernelTable = Record<string, Kernel<any, any>>

export function kernel<Inputs, Attrs = Record<string, never>>(
  emit: Kernel<Inputs, Attrs>['emit'],
  narrow: Narrow = 'widen',
): Kernel<Inputs, Attrs> {
  return { narrow, emit }
}
