import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { tf } from '../runtime/tf.ts'

/** What a layer's router did with N tokens: probabilities (N, E) and the chosen experts, int32 (N, k). */
interface Routing {
  probabilities: Tensor
  experts: Tensor
}

/**
 * How evenly routers spread tokens over experts (Fedus et al., 2021, equations 4 to 6, as transformers has them): loss
 * = E Σ_e f_e P_e, where f_e is how many of a token's k choices are e and P_e its probability, both means over the
 * tokens of all layers together. Even routing gives k.
 * @param mask - float32 (N), 1 for the tokens that count
 * @returns scalars; a load is f_e E / k, 1 where tokens are spread evenly
 */
export function routerBalance(routings: readonly Routing[], mask: Tensor) {
  const [first] = routings
  const [, count = 1] = first?.probabilities.shape ?? []
  const k = first?.experts.shape[1] ?? 1
  const total = tf.mul(tf.sum(mask), routings.length)
  const meanOf = (rowsOf: (routing: Routing) => Tensor) => {
    const sums = routings.map((routing) => tf.sum(tf.mul(rowsOf(routing), tf.expandDims(mask, 1)), 0))
    return tf.div(tf.addN(sums), total) // (E)
  }
  const probability = meanOf(({ probabilities }) => probabilities)
  const share = meanOf(({ experts }) => tf.sum(tf.oneHot(experts as never, count, 1, 0, 'float32'), 1))
  const loads = tf.mul(share, count / k)
  return { loss: tf.mul(tf.sum(tf.mul(share, probability)), count), maxLoad: tf.max(loads), minLoad: tf.min(loads) }
}
