import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { tf } from '../runtime/tf.ts'
import { statelessUniform } from '../tracing/index.ts'

/**
 * x with each element 0 at probability `rate`, and the others divided by 1 − rate (Srivastava et al., 2014). Which ones
 * fall is a function of `seed` and the shape alone.
 * @param rate - scalar in [0, 1)
 * @param seed - int32 (2)
 */
export function dropout(x: Tensor, rate: Tensor, seed: Tensor): Tensor {
  const kept = tf.cast(tf.greaterEqual(statelessUniform([...x.shape], seed), rate), 'float32')
  return tf.mul(x, tf.div(kept, tf.sub(1, rate)))
}
