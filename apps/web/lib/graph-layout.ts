/** A node of a directed graph without cycles; `inputs` name other nodes, unknown ones are ignored. */
export interface GraphNode {
  name: string
  inputs: readonly string[]
}

export interface GraphLayout {
  /** Where each node stands: `depth` counts along the flow, `lane` across it. */
  places: Map<string, { depth: number; lane: number }>
  /** From input to node, without the edges that a longer way already implies. */
  edges: { from: string; to: string }[]
  depths: number
  lanes: number
}

/**
 * Layers by longest path; within a layer nodes keep near the mean lane of their inputs, so that a chain is a straight
 * line and branches stay apart.
 */
export function layoutGraph(nodes: readonly GraphNode[]): GraphLayout {
  const known = new Map(nodes.map((node) => [node.name, node]))
  const inputsOf = (name: string) => (known.get(name)?.inputs ?? []).filter((input) => known.has(input))
  const depthOf = longestPaths([...known.keys()], inputsOf)
  const edges = [...known.keys()].flatMap((to) => directInputs(to, inputsOf).map((from) => ({ from, to })))
  const places: GraphLayout['places'] = new Map()
  const depths = Math.max(0, ...[...depthOf.values()].map((depth) => depth + 1))
  for (let depth = 0; depth < depths; depth += 1) {
    const layer = [...known.keys()].filter((name) => depthOf.get(name) === depth)
    placeLayer(layer, depth, edges, places)
  }
  const lanes = Math.max(0, ...[...places.values()].map((place) => place.lane + 1))
  return { places, edges, depths, lanes }
}

type InputsOf = (name: string) => string[]

function longestPaths(names: string[], inputsOf: InputsOf): Map<string, number> {
  const depths = new Map<string, number>()
  const visit = (name: string): number => {
    const found = depths.get(name)
    if (found !== undefined) return found
    // Stands in while its inputs are visited, so that a cycle ends instead of running for ever.
    depths.set(name, 0)
    const depth = Math.max(0, ...inputsOf(name).map((input) => visit(input) + 1))
    depths.set(name, depth)
    return depth
  }
  for (const name of names) visit(name)
  return depths
}

/** Inputs that no other input is already built on: the transitive reduction. */
function directInputs(name: string, inputsOf: InputsOf): string[] {
  const ancestors = (start: string, seen = new Set<string>()): Set<string> => {
    for (const input of inputsOf(start)) {
      if (seen.has(input)) continue
      seen.add(input)
      ancestors(input, seen)
    }
    return seen
  }
  const inputs = inputsOf(name)
  const implied = new Set(inputs.flatMap((input) => [...ancestors(input)]))
  return inputs.filter((input) => !implied.has(input))
}

function placeLayer(layer: string[], depth: number, edges: GraphLayout['edges'], places: GraphLayout['places']): void {
  const wished = layer.map((name, order) => {
    const lanes = edges.filter((edge) => edge.to === name).map((edge) => places.get(edge.from)?.lane ?? 0)
    const lane = lanes.length === 0 ? order : lanes.reduce((sum, value) => sum + value, 0) / lanes.length
    return { name, lane }
  })
  wished.sort((a, b) => a.lane - b.lane)
  let free = 0
  for (const { name, lane } of wished) {
    const taken = Math.max(free, Math.floor(lane))
    places.set(name, { depth, lane: taken })
    free = taken + 1
  }
}
