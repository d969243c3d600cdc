import type { NodeExecStats } from './messages.ts'

export interface OperationTime {
  op: string
  count: number
  /** Sum over its calls, each with all threads that it shares its work among. */
  ms: number
}

/** Time by operation, the longest first: what dominates a step. */
export function timeByOperation(nodes: readonly NodeExecStats[]): OperationTime[] {
  const byOp = new Map<string, OperationTime>()
  for (const node of nodes) {
    const op = operationOf(node)
    const time = byOp.get(op) ?? { op, count: 0, ms: 0 }
    time.count++
    time.ms += (node.opEndRelNanos - node.opStartRelNanos) / 1e6
    byOp.set(op, time)
  }
  return [...byOp.values()].sort((a, b) => b.ms - a.ms)
}

/**
 * TensorFlow labels a node `[memory] name = Op(inputs)`. Some processors run oneDNN's version of an operation, whose
 * name begins with `_Mkl` or `_MklNative`: to whoever reads a profile it is the same one.
 */
function operationOf({ timelineLabel, nodeName }: NodeExecStats): string {
  return / = (?:_Mkl(?:Native)?)?(\w+)\(/.exec(timelineLabel)?.[1] ?? nodeName
}
