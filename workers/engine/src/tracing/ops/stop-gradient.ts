import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { tf } from '../../runtime/tf.ts'

/** The same values as a constant: no gradient flows into what computed `x`. */
export function stopGradient<T extends Tensor>(x: T): T {
  // A second tensor over the same data that the tape has not seen being made.
  tf.backend().incRef(x.dataId)
  return tf.engine().makeTensorFromTensorInfo({ dataId: x.dataId, shape: x.shape, dtype: x.dtype }) as T
}
