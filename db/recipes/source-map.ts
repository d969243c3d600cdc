import { type Document, isMap, isNode, isScalar, isSeq, type LineCounter, type Node, type Pair } from 'yaml'

/** A place in the text of a recipe, counted from 1. */
export interface Place {
  line: number
  column: number
}

/** Finds the places of keys and values of a YAML text. */
export interface SourceMap {
  /** Of the value at `path`; where there is none, of the nearest key around it. */
  ofValue(path: readonly PropertyKey[]): Place
  /** Of the key `path` ends with. */
  ofKey(path: readonly PropertyKey[]): Place
}

export function sourceMapOf(document: Document, lines: LineCounter): SourceMap {
  const toPlace = (offset: number): Place => {
    const { line, col } = lines.linePos(offset)
    // An empty document has no line yet.
    return { line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  const find = (path: readonly PropertyKey[], want: 'key' | 'value'): Place => {
    let node: unknown = document.contents
    let offset = startOf(node) ?? 0
    for (const [depth, key] of path.entries()) {
      const step = child(node, key)
      if (step === undefined) break
      const isLast = depth === path.length - 1
      offset =
        (isLast && want === 'value' ? startOf(step.value) : undefined) ??
        startOf(step.key) ??
        startOf(step.value) ??
        offset
      node = step.value
    }
    return toPlace(offset)
  }
  return { ofValue: (path) => find(path, 'value'), ofKey: (path) => find(path, 'key') }
}

function child(node: unknown, key: PropertyKey): { key: unknown; value: unknown } | undefined {
  if (isMap(node)) return node.items.find((pair: Pair) => isScalar(pair.key) && String(pair.key.value) === String(key))
  if (isSeq(node) && typeof key === 'number') return { key: undefined, value: node.items[key] }
  return undefined
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? ((node as Node).range?.[0] ?? undefined) : undefined
}
