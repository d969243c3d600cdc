import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { gatherHidden } from '../losses/index.ts'
import type { Model, Params } from '../models/index.ts'
import { packedCausalAttention } from '../nn/index.ts'
import { tf } from '../runtime/tf.ts'

/**
 * What a reward or value model says at chosen tokens.
 * @param inputs - ids, positions and segments int32 (B, T)
 * @param at - flat indices into (B · T), int32 (N)
 * @returns raw scores (N)
 */
export function scoresAt(
  scorer: Model,
  params: Params,
  inputs: { ids: Tensor; positions: Tensor; segments: Tensor },
  at: Tensor,
): Tensor {
  const { ids, positions, segments } = inputs
  const hidden = scorer.hiddenStates(params, { ids, positions }, packedCausalAttention(segments))
  return tf.reshape(tf.matMul(gatherHidden(hidden, at), scorer.headWeight(params), false, true), [-1])
}
