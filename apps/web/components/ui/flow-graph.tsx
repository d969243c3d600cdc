import { type GraphLayout, type GraphNode, layoutGraph } from '#lib/graph-layout.ts'

export interface FlowNode extends GraphNode {
  /** Of the node and of the lines that leave it. */
  color: string
}

interface FlowGraphProps<T extends FlowNode> {
  nodes: readonly T[]
  renderNode: (node: T) => React.ReactNode
  /** Pixels; a node with less to say is lower. */
  nodeHeight?: number
}

type Direction = 'right' | 'down'

interface Box {
  left: number
  top: number
}

interface Size {
  width: number
  height: number
}

/** Sizes in pixels. */
/** Two nodes beside each other fit a phone. */
const nodeWidth = { right: 148, down: 132 }
const defaultNodeHeight = 72
const gap = { along: 24, across: 12 }

/** A graph that flows from left to right, and on a phone from top to bottom. */
export function FlowGraph<T extends FlowNode>(props: FlowGraphProps<T>) {
  const layout = layoutGraph(props.nodes)
  return (
    <>
      <div data-graph className="overflow-x-auto -m-1 p-1 max-md:hidden">
        <Drawing {...props} layout={layout} direction="right" />
      </div>
      <div data-graph className="overflow-x-auto -m-1 p-1 md:hidden">
        <Drawing {...props} layout={layout} direction="down" />
      </div>
    </>
  )
}

interface DrawingProps<T extends FlowNode> extends FlowGraphProps<T> {
  layout: GraphLayout
  direction: Direction
}

function Drawing<T extends FlowNode>(props: DrawingProps<T>) {
  const { nodes, renderNode, layout, direction, nodeHeight = defaultNodeHeight } = props
  const node = { width: nodeWidth[direction], height: nodeHeight }
  const boxOf = (name: string): Box => place(layout.places.get(name) ?? { depth: 0, lane: 0 }, node, direction)
  const colorOf = (name: string) => nodes.find((candidate) => candidate.name === name)?.color
  const { width, height } = sizeOf(layout, node, direction)
  return (
    <div className="relative" style={{ width, height }}>
      <svg aria-hidden="true" className="absolute inset-0" width={width} height={height} fill="none">
        {layout.edges.map(({ from, to }) => (
          <path
            key={`${from} ${to}`}
            d={edgePath(boxOf(from), boxOf(to), node, direction)}
            stroke={colorOf(from)}
            strokeWidth="1.5"
          />
        ))}
      </svg>
      <ol>
        {nodes.map((item) => (
          <li key={item.name} className="absolute" style={{ ...boxOf(item.name), ...node }}>
            {renderNode(item)}
          </li>
        ))}
      </ol>
    </div>
  )
}

function sizeOf({ depths, lanes }: GraphLayout, node: Size, direction: Direction): Size {
  const [columns, rows] = direction === 'right' ? [depths, lanes] : [lanes, depths]
  const [gapX, gapY] = direction === 'right' ? [gap.along, gap.across] : [gap.across, gap.along]
  return { width: columns * (node.width + gapX) - gapX, height: rows * (node.height + gapY) - gapY }
}

function place({ depth, lane }: { depth: number; lane: number }, node: Size, direction: Direction): Box {
  return direction === 'right'
    ? { left: depth * (node.width + gap.along), top: lane * (node.height + gap.across) }
    : { left: lane * (node.width + gap.across), top: depth * (node.height + gap.along) }
}

/** Bends right before the next node's layer, so that a long line runs straight beside the nodes it passes. */
function edgePath(from: Box, to: Box, node: Size, direction: Direction): string {
  const bend = gap.along / 2
  if (direction === 'right') {
    const [x1, y1] = [from.left + node.width, from.top + node.height / 2]
    const [x2, y2] = [to.left, to.top + node.height / 2]
    const turn = y1 < y2 ? x1 : x2 - gap.along
    return `M${x1} ${y1}H${turn}C${turn + bend} ${y1} ${turn + bend} ${y2} ${turn + gap.along} ${y2}H${x2}`
  }
  const [x1, y1] = [from.left + node.width / 2, from.top + node.height]
  const [x2, y2] = [to.left + node.width / 2, to.top]
  const turn = x1 < x2 ? y1 : y2 - gap.along
  return `M${x1} ${y1}V${turn}C${x1} ${turn + bend} ${x2} ${turn + bend} ${x2} ${turn + gap.along}V${y2}`
}
