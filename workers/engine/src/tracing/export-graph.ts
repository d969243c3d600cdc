import type { AttrMessage, NodeMessage, TensorMessage } from '../runtime/index.ts'
import { type Attribute, type GraphNode, type NodeOutput, type Shape, typeNumber } from './value.ts'

/** The nodes that `roots` need, each after its inputs; what nothing needs is left out. */
export function reachable(roots: readonly GraphNode[]): GraphNode[] {
  const order: GraphNode[] = []
  const state = new Map<GraphNode, 'entered' | 'done'>()
  // A stack of its own: graphs are deeper than JavaScript's.
  const stack = [...roots].reverse()
  for (let node = stack.at(-1); node; node = stack.at(-1)) {
    if (state.has(node)) {
      stack.pop()
      if (state.get(node) === 'entered') order.push(node)
      state.set(node, 'done')
      continue
    }
    state.set(node, 'entered')
    const needed = [...node.inputs.map((input) => input.node), ...node.controls]
    stack.push(...needed.filter((source) => !state.has(source)))
  }
  return order
}

export function toMessages(nodes: readonly GraphNode[]): NodeMessage[] {
  return nodes.map(({ name, op, inputs, controls, attrs }) => ({
    name,
    op,
    input: [...inputs.map(outputName), ...new Set(controls.map((control) => `^${control.name}`))],
    attr: Object.fromEntries(Object.entries(attrs).map(([key, value]) => [key, toMessage(value)])),
  }))
}

/** How TensorFlow names an output: `node:index`. */
export function outputName({ node, index }: NodeOutput): string {
  return `${node.name}:${index}`
}

function toMessage(attribute: Attribute): AttrMessage {
  if (typeof attribute === 'boolean') return { b: attribute }
  if (typeof attribute === 'string') return { type: typeNumber[attribute] }
  if ('int' in attribute) return { i: attribute.int }
  if ('float' in attribute) return { f: attribute.float }
  if ('text' in attribute) return { s: Buffer.from(attribute.text) }
  if ('values' in attribute) return { tensor: toTensorMessage(attribute) }
  return { shape: toShapeMessage(attribute.shape) }
}

function toTensorMessage({ values, type, shape }: Extract<Attribute, { values: unknown }>): TensorMessage {
  const tensorContent = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
  return { dtype: typeNumber[type], tensorShape: toShapeMessage(shape), tensorContent }
}

function toShapeMessage(shape: Shape) {
  return { dim: shape.map((size) => ({ size })) }
}
