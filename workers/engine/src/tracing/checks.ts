import { TemperError } from '@temper/db/contracts'
import type { GraphNode, NodeOutput } from './value.ts'

/** Larger constants belong into a variable or an input: a graph holds a copy per function. */
export const maxConstantBytes = 16 * 1024 * 1024

/**
 * The form that every traced graph must have before TensorFlow sees it: unique names, inputs that exist and come
 * first, whole positive shapes, equal types where an operation has one type `T`, small constants, fed placeholders.
 * Throws `unsupported` for constants that are too large, `internal` for what a kernel built wrongly.
 */
export function checkGraph(nodes: readonly GraphNode[], fed: ReadonlySet<string>): void {
  const seen = new Set<GraphNode>()
  const names = new Set<string>()
  for (const node of nodes) {
    check(!names.has(node.name), node, 'its name is taken')
    check(/^[A-Za-z0-9.][A-Za-z0-9_./-]*$/.test(node.name), node, 'TensorFlow allows no such name')
    for (const input of node.inputs)
      check(seen.has(input.node) && isOutput(input), node, 'an input is not in the graph')
    check(node.op !== 'Placeholder' || fed.has(node.name), node, 'nothing feeds it')
    checkTypes(node)
    checkConstant(node)
    seen.add(node)
    names.add(node.name)
  }
  for (const node of nodes) {
    for (const control of node.controls) check(seen.has(control), node, 'it waits for a node outside the graph')
  }
}

function isOutput({ node, index }: NodeOutput): boolean {
  return node.outputs[index] !== undefined
}

function checkTypes(node: GraphNode): void {
  for (const { shape } of node.outputs) {
    check(
      shape.every((dimension) => Number.isInteger(dimension) && dimension >= 0),
      node,
      `its shape is [${shape}]`,
    )
  }
  const type = node.attrs.T
  const first = node.inputs.find(({ node: source, index }) => source.outputs[index]?.type !== 'resource')
  const got = first?.node.outputs[first.index]?.type
  // Select and random operations begin with an operand of another type.
  if (typeof type !== 'string' || !got || got === 'bool' || 'Tseed' in node.attrs || node.op === 'OneHot') return
  check(got === type || node.op === 'Fill' || node.op === 'ScatterNd', node, `it takes ${type} and gets ${got}`)
}

function checkConstant(node: GraphNode): void {
  const { value } = node.attrs
  if (node.op !== 'Const' || typeof value !== 'object' || !('values' in value)) return
  const bytes = value.values.byteLength
  if (bytes <= maxConstantBytes) return
  throw new TemperError(
    'unsupported',
    `a traced function holds a constant [${value.shape}] of ${bytes} bytes, the limit is ${maxConstantBytes}: feed it or make it a variable`,
    { details: { shape: value.shape, bytes, limit: maxConstantBytes } },
  )
}

function check(holds: boolean, node: GraphNode, what: string): void {
  if (!holds) throw new TemperError('internal', `traced graph: ${node.op} ${node.name}: ${what}`)
}
