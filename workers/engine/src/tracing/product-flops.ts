import type { Attribute, GraphNode, Shape } from './value.ts'

/** Operations that multiply matrices, and the attribute that says whether their first operand is transposed. */
const products: Record<string, string | undefined> = {
  MatMul: 'transpose_a',
  BatchMatMulV2: 'adj_x',
  TemperMatMul: undefined,
  TemperPairMatMul: 'transpose_a',
}

/** Floating-point operations of one call's matrix products, a multiplication and an addition counted as two. */
export function productFlops(nodes: Iterable<GraphNode>): number {
  let flops = 0
  for (const node of nodes) if (node.op in products) flops += 2 * outputSize(node) * innerSize(node)
  return flops
}

/** Length of the sums that make one number of the result. */
function innerSize({ op, inputs, attrs }: GraphNode): number {
  const [left] = inputs
  const shape: Shape = left?.node.outputs[left.index]?.shape ?? []
  const transposed = isTrue(attrs[products[op] ?? ''])
  return shape.at(transposed ? -2 : -1) ?? 0
}

function isTrue(attribute: Attribute | undefined): boolean {
  return attribute === true || (typeof attribute === 'object' && 'int' in attribute && attribute.int === 1)
}

function outputSize({ outputs }: GraphNode): number {
  return (outputs[0]?.shape ?? []).reduce((size, dimension) => size * dimension, 1)
}
