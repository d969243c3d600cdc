import { TemperError } from '@temper/db/contracts'
import { reachable } from './export-graph.ts'
import type { GraphNode } from './value.ts'

/** Operations whose output may lie in the memory of an input. */
const views = new Set(['Identity', 'Reshape', 'ExpandDims', 'Squeeze', 'Slice', 'StridedSlice', 'Split', 'SplitV', 'Unpack']) // biome-ignore format: one list

export function isView({ op }: GraphNode): boolean {
  return views.has(op)
}

/** What a node that changes variables in their own buffers waits for besides those who read them. */
interface LateWrite {
  /** Read the contents that it overwrites. */
  contents: readonly GraphNode[]
  /** An input of it: what this is computed of needs no other order. */
  after: GraphNode
}

const lateWrites = new WeakMap<GraphNode, LateWrite>()

export function writesLate(node: GraphNode, write: LateWrite): void {
  lateWrites.set(node, write)
}

/**
 * Lets every write that overwrites what others read wait for them, once it is known who does.
 * @param roots - all that the function computes
 * @throws TemperError unsupported where a reader needs what is written: it would have to wait for itself
 */
export function orderReaders(roots: readonly GraphNode[]): void {
  const nodes = reachable(roots)
  const readers = readersOf(nodes)
  const known = new Map<GraphNode, Set<GraphNode>>()
  for (const node of nodes) {
    const write = lateWrites.get(node)
    if (!write) continue
    const before = known.get(write.after) ?? new Set(reachable([write.after]))
    known.set(write.after, before)
    const waitsFor = write.contents.flatMap((contents) => allReaders(contents, readers))
    for (const reader of waitsFor) {
      if (reader === node || before.has(reader)) continue
      refuseCycle(node, reader)
      node.controls.push(reader)
    }
  }
}

function readersOf(nodes: readonly GraphNode[]): Map<GraphNode, GraphNode[]> {
  const readers = new Map<GraphNode, GraphNode[]>()
  for (const node of nodes) {
    for (const source of new Set(node.inputs.map((input) => input.node))) {
      readers.set(source, [...(readers.get(source) ?? []), node])
    }
  }
  return readers
}

/** Those of views too. */
function allReaders(contents: GraphNode, readers: ReadonlyMap<GraphNode, GraphNode[]>): GraphNode[] {
  const direct = readers.get(contents) ?? []
  return direct.flatMap((reader) => (isView(reader) ? [reader, ...allReaders(reader, readers)] : [reader]))
}

function refuseCycle(write: GraphNode, reader: GraphNode): void {
  if (!reachable([reader]).includes(write)) return
  throw new TemperError('unsupported', `${reader.op} reads what ${write.op} overwrites, and needs what it writes`)
}
