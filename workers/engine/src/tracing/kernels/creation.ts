import { l2LossKernel } from '../ops/global-norm.ts'
import { sigmoidGradKernel } from '../ops/sigmoid-grad.ts'
import { sparseCrossEntropyKernel } from '../ops/sparse-cross-entropy.ts'
import { statelessUniformKernel } from '../ops/stateless-uniform.ts'
import type { GraphType, Value } from '../value.ts'
import { type KernelTable, kernel } from './kernel.ts'

/** Tensors from nothing: known while tracing, so they cost a node only where one is needed. */
export const creation: KernelTable = {
  Fill: kernel<unknown, { shape: number[]; value: number; dtype?: GraphType }>((graph, _, attrs) => {
    return graph.uniform(Number(attrs.value), attrs.shape, attrs.dtype ?? 'float32')
  }),
  ZerosLike: kernel<{ x: Value }>((graph, { x }) => graph.uniform(0, x.shape, x.type)),
  OnesLike: kernel<{ x: Value }>((graph, { x }) => graph.uniform(1, x.shape, x.type)),
  Range: kernel<unknown, { start: number; stop: number; step: number; dtype: GraphType }>((graph, _, attrs) => {
    const { start, stop, step, dtype } = attrs
    const list = Array.from({ length: Math.max(0, Math.ceil((stop - start) / step)) }, (_, i) => start + i * step)
    return graph.constant(dtype === 'int32' ? Int32Array.from(list) : Float32Array.from(list), [list.length], dtype)
  }),
  LinSpace: kernel<unknown, { start: number; stop: number; num: number }>((graph, _, { start, stop, num }) => {
    const list = Array.from({ length: num }, (_, i) => start + ((stop - start) * i) / Math.max(1, num - 1))
    return graph.constant(Float32Array.from(list), [num], 'float32')
  }),
}

/** The kernels behind the operations of ops/. */
export const own: KernelTable = {
  [sparseCrossEntropyKernel]: kernel<{ logits: Value; labels: Value }>((graph, { logits, labels }) => {
    const results = [{ type: logits.type, shape: labels.shape }, logits]
    return graph.emitAll(sparseCrossEntropyKernel, [logits, labels], { T: logits.type, Tlabels: 'int32' }, results)
  }),
  [sigmoidGradKernel]: kernel<{ y: Value; dy: Value }>((graph, { y, dy }) => {
    return graph.emit(sigmoidGradKernel, [y, dy], { T: y.type }, y)
  }, 'follow'),
  [l2LossKernel]: kernel<{ x: Value }>((graph, { x }) => {
    const single = { type: 'float32', shape: [] } as const
    if (graph.kernels && x.type !== 'float16') return graph.emit('TemperHalfSquares', [x], { T: x.type }, single)
    return graph.emit('L2Loss', [graph.cast(x, 'float32')], { T: 'float32' }, single)
  }, 'own'),
  [statelessUniformKernel]: kernel<{ seed: Value }, { shape: number[] }>((graph, { seed }, { shape }) => {
    const types = { dtype: 'float32' as const, T: 'int32' as const, Tseed: 'int32' as const }
    return graph.emit(statelessUniformKernel, [graph.ints(shape), seed], types, { type: 'float32', shape })
  }),
}
