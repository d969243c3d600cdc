import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { tf } from '../../runtime/tf.ts'
import { globalNorm } from '../ops/global-norm.ts'
import { groupedMatMul } from '../ops/grouped-mat-mul.ts'
import { sigmoidGrad } from '../ops/sigmoid-grad.ts'
import { crossEntropyParts, sparseCrossEntropy } from '../ops/sparse-cross-entropy.ts'
import { statelessUniform } from '../ops/stateless-uniform.ts'
import { stopGradient } from '../ops/stop-gradient.ts'

/** One use of one or more kernels; the tests run it eagerly and traced. Inputs are x (2, 3, 4) and y (2, 3, 4). */
export interface Case {
  /** Kernels the case is there for. */
  covers: string[]
  run: (x: Tensor, y: Tensor) => Tensor
  /** Where tfjs has no gradient, or none that means anything. */
  gradient?: false
}

const both = (run: Case['run'], ...covers: string[]): Case => ({ covers, run })
const forward = (run: Case['run'], ...covers: string[]): Case => ({ covers, run, gradient: false })
const ints = (...list: number[]) => tf.tensor1d(list, 'int32')
const rows = (x: Tensor) => x.reshape([6, 4])

export const cases: Record<string, Case> = {
  exp: both((x) => x.exp(), 'Exp'),
  expm1: both((x) => x.expm1(), 'Expm1'),
  log: both((x) => x.abs().add(0.1).log(), 'Log', 'Abs', 'Add'),
  log1p: both((x) => x.square().log1p(), 'Log1p', 'Square'),
  sqrt: both((x) => x.square().add(1).sqrt(), 'Sqrt'),
  rsqrt: both((x) => x.square().add(1).rsqrt(), 'Rsqrt'),
  erf: both((x) => x.erf(), 'Erf'),
  softplus: both((x) => x.softplus(), 'Softplus'),
  waves: both((x) => x.sin().add(x.cos()), 'Sin', 'Cos'),
  tangents: both((x) => x.tanh().add(x.atan()).add(x.mul(0.1).tan()), 'Tanh', 'Atan', 'Tan'),
  sigmoid: both((x) => x.sigmoid(), 'Sigmoid'),
  relu: both((x) => x.relu().add(x.relu6()), 'Relu', 'Relu6', 'Step'),
  leakyRelu: both((x) => x.leakyRelu(0.2), 'LeakyRelu'),
  negative: both((x) => x.neg(), 'Neg'),
  reciprocal: both((x) => x.square().add(1).reciprocal(), 'Reciprocal'),
  rounding: forward(
    (x) => x.mul(3).round().add(x.floor()).add(x.ceil()).add(x.sign()),
    'Round',
    'Floor',
    'Ceil',
    'Sign',
  ),
  step: forward((x) => x.step(0.3), 'Step'),
  finite: forward((x, y) => tf.isFinite(x).logicalAnd(tf.isNaN(y).logicalNot()).logicalOr(tf.isInf(x)), 'IsFinite', 'IsNan', 'IsInf', 'LogicalAnd', 'LogicalOr', 'LogicalNot'), // biome-ignore format: one case

  sub: both((x, y) => x.sub(y), 'Sub'),
  multiply: both((x, y) => x.mul(y), 'Multiply'),
  divide: both((x, y) => x.div(y.square().add(1)), 'RealDiv'),
  extremes: both((x, y) => x.maximum(y).add(x.minimum(0.1)), 'Maximum', 'Minimum'),
  powerOfThree: both((x) => x.pow(3), 'Pow'),
  powerOfTwo: both((x) => x.pow(2), 'Pow'),
  halfPowers: both((x) => tf.pow(x.square().add(1), 0.5).add(tf.pow(x.square().add(1), -0.5)), 'Pow'),
  powers: both((x, y) => tf.pow(x.abs().add(0.5), y), 'Pow'),
  squaredDifference: both((x, y) => tf.squaredDifference(x, y), 'SquaredDifference'),
  integers: forward(
    (x) => tf.floorDiv(x.mul(10).toInt(), 3).add(tf.mod(x.mul(10).toInt(), 3)),
    'FloorDiv',
    'Mod',
    'Cast',
  ),
  angle: both((x, y) => tf.atan2(x, y), 'Atan2'),
  comparisons: forward(
    (x, y) => tf.addN([x.less(y), x.lessEqual(y), x.greater(y), x.greaterEqual(y), x.equal(x), x.notEqual(y)].map((b) => b.cast('float32'))), // biome-ignore format: one case
    'Less', 'LessEqual', 'Greater', 'GreaterEqual', 'Equal', 'NotEqual', 'AddN',
  ), // biome-ignore format: one case
  select: both((x, y) => tf.where(stopGradient(x).greater(0), x.mul(2), y), 'Select', 'Tile'),
  clip: both((x) => x.clipByValue(-0.5, 0.5), 'ClipByValue'),
  bias: both((x, y) => rows(x).add(y.slice([0, 0, 0], [1, 1, 4]).reshape([4])), 'Add', 'Slice'),
  broadcast: both((x, y) => x.mul(y.slice([0, 1, 0], [2, 1, 4])).sub(y.slice([1, 0, 2], [1, 3, 1])), 'Slice'),
  neutral: both(
    (x) =>
      x
        .mul(tf.ones([2, 3, 4]))
        .add(tf.zeros([2, 3, 4]))
        .div(1)
        .sub(0),
    'OnesLike',
    'ZerosLike',
  ),

  sums: both(
    (x) =>
      x
        .sum(1)
        .add(x.sum([0, 1]))
        .add(x.sum()),
    'Sum',
  ),
  mean: both((x) => x.mean(-1, true), 'Mean'),
  meanOfOne: both((x) => x.mean(0, true).mean(0), 'Mean'),
  maximumOf: both((x) => x.max(2).add(x.min(2)), 'Max', 'Min'),
  product: forward((x) => x.prod(1), 'Prod'),
  anyAll: forward((x) => x.greater(0).any(1).logicalAnd(x.less(9).all(1)), 'Any', 'All'),
  arguments: forward((x) => x.argMax(-1).add(x.argMin(-1)), 'ArgMax', 'ArgMin'),
  cumulative: forward(
    (x) =>
      x
        .cumsum(2)
        .add(x.cumsum(2, true, true))
        .add(x.cumprod(2)),
    'Cumsum',
    'Cumprod',
  ),
  cumsum: both((x) => x.cumsum(2), 'Cumsum'),
  topValues: forward((x) => tf.topk(x, 2).values, 'TopK'),
  topIndices: forward((x) => tf.topk(x, 2).indices, 'TopK'),
  softmax: both((x) => x.softmax(), 'Softmax'),
  logSoftmax: both((x) => x.logSoftmax(), 'Softmax'),
  logSumExp: both((x) => x.logSumExp(-1)),
  moments: both((x) => x.sub(x.mean(-1, true)).mul(x.square().mean(-1, true).add(1e-5).rsqrt())),

  matrices: both((x, y) => rows(x).matMul(rows(y), false, true), 'BatchMatMul'),
  matricesBothTransposed: both((x, y) => rows(x).matMul(rows(y).transpose(), true, true)),
  matricesLeftTransposed: both((x, y) => rows(x).matMul(rows(y), true, false)),
  scaledRows: both((x, y) =>
    rows(x)
      .mul(rows(y).slice([0, 1], [-1, 1]))
      .matMul(rows(y).slice([0, 0], [-1, 1]), true),
  ),
  scaledRowsLeft: both((x, y) => x.reshape([12, 2]).transpose().mul(y.slice([0, 0, 0], [2, 1, 1]).reshape([2, 1])).matMul(y.reshape([24, 1]).slice([0, 0], [12, 1]))), // biome-ignore format: one case
  scaledByOne: both((x, y) => rows(x).mul(y.slice([0, 0, 0], [1, 1, 1]).reshape([])).matMul(rows(y).slice([0, 0], [-1, 1]), true)), // biome-ignore format: one case
  batches: both((x, y) => x.matMul(y, false, true), 'BatchMatMul'),
  batchesLeftTransposed: both((x, y) => x.matMul(y, true, false), 'BatchMatMul'),
  groups: both((x, y) => groupedMatMul(rows(x), y, ints(2, 4)), 'GroupedMatMul', 'GroupedOuter'),
  groupsOfWhichOneIsEmpty: both((x, y) => groupedMatMul(rows(x), y, ints(0, 6)), 'GroupedMatMul', 'GroupedOuter'),
  oneMatrixForAll: forward((x, y) => x.matMul(rows(y).expandDims(0), false, true), 'BatchMatMul', 'ExpandDims'),

  reshape: both((x) => x.reshape([4, -1]).mul(2), 'Reshape'),
  transpose: both((x) => x.transpose([2, 0, 1]), 'Transpose'),
  tile: both((x) => x.tile([1, 2, 3]), 'Tile'),
  broadcastTo: both((x) => x.slice([0, 0, 0], [1, 3, 1]).broadcastTo([5, 3, 2]), 'Tile'),
  slice: both((x) => x.slice([0, 1, 1], [2, 2, -1]), 'Slice'),
  stridedSlice: forward((x) => x.stridedSlice([0, 0, 1], [2, 3, 4], [1, 2, 2]), 'StridedSlice'),
  concat: both((x, y) => tf.concat([x, y, x], 1), 'Concat'),
  split: both((x) => { const [a, b, c] = tf.split(x, [1, 2, 1], -1); return tf.concat([c as Tensor, a as Tensor, (b as Tensor).mul(3)], 2) }, 'SplitV'), // biome-ignore format: one case
  stack: both((x, y) => tf.stack([x, y], 1), 'Pack'),
  unstack: both((x) => { const [a, b, c] = tf.unstack(x, 1); return (a as Tensor).mul(b as Tensor).add(c as Tensor) }, 'Unpack'), // biome-ignore format: one case
  pad: both((x) => x.pad([[0, 1], [2, 0], [0, 0]], 7), 'PadV2'), // biome-ignore format: one case
  reverse: both((x) => x.reverse([1]), 'Reverse'),
  clone: both((x) => x.clone().mul(2), 'Identity'),

  gatherRows: both((x) => tf.gather(rows(x), ints(5, 0, 0, 3)), 'GatherV2', 'UnsortedSegmentSum'),
  gatherColumns: both((x) => tf.gather(x, ints(3, 1), 2), 'GatherV2'),
  gatherInBatches: forward((x) => tf.gather(x, tf.tensor2d([[1, 2], [0, 0]], undefined, 'int32'), 1, 1), 'GatherV2'), // biome-ignore format: one case
  gatherNd: forward((x) => tf.gatherND(x, tf.tensor2d([[1, 2], [0, 0]], undefined, 'int32')), 'GatherNd'), // biome-ignore format: one case
  scatterNd: forward((x) => tf.scatterND(tf.tensor2d([[4], [1]], undefined, 'int32'), rows(x).slice([0, 0], [2, 4]), [6, 4]), 'ScatterNd'), // biome-ignore format: one case
  scatterUpdate: forward((x) => tf.tensorScatterUpdate(rows(x), tf.tensor2d([[4], [1]], undefined, 'int32'), tf.zeros([2, 4])), 'TensorScatterUpdate'), // biome-ignore format: one case
  segmentSum: both((x) => tf.unsortedSegmentSum(rows(x), ints(2, 0, 2, 1, 1, 2), 4), 'UnsortedSegmentSum'),
  oneHot: forward((x) => tf.oneHot(x.argMax(-1) as never, 4), 'OneHot'),
  range: forward((x) => x.add(tf.range(0, 4)).add(tf.linspace(0, 1, 4)), 'Range', 'LinSpace'),
  fill: forward((x) => x.add(tf.fill([3, 4], 2)).add(tf.onesLike(x)), 'Fill', 'OnesLike'),

  crossEntropy: both((x) => sparseCrossEntropy(rows(x), ints(0, 3, 1, 1, 2, 0)), 'SparseSoftmaxCrossEntropyWithLogits'),
  entropy: forward((x) => crossEntropyParts(rows(x), ints(0, 3, 1, 1, 2, 0)).entropy),
  sigmoidGrad: forward((x, y) => sigmoidGrad(x.sigmoid(), y), 'SigmoidGrad'),
  globalNorm: forward((x, y) => globalNorm([x, y.sum()]), 'L2Loss'),
  uniform: forward((x) => statelessUniform([2, 3, 4], x.argMax(0).slice([0, 0], [1, 2]).reshape([2]).toInt()), 'StatelessRandomUniform'), // biome-ignore format: one case
}
