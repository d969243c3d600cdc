import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import type { Model, Params } from '../models/index.ts'
import { packedCausalAttention } from '../nn/index.ts'
import { tf } from '../runtime/tf.ts'
import type { TokenInputs } from './feeds.ts'

/** A model with a score head, and what its raw scores are on samples of the initial policy. */
export interface Scorer {
  model: Model
  normalization: { mean: number; std: number }
}

/**
 * What a reward or value model says at chosen tokens.
 * @param inputs - int32 (B, T) each
 * @param at - flat indices into (B · T), int32 (N)
 * @returns raw scores (N)
 */
export function scoresAt(
  scorer: Model,
  params: Params,
  { ids, positions, segments, parents }: TokenInputs,
  at: Tensor,
): Tensor {
  const hidden = scorer.hiddenStates(
    params,
    { ids, positions, at },
    packedCausalAttention({ segments, positions, parents }),
  )
  return tf.reshape(tf.matMul(hidden, scorer.headWeight(params), false, true), [-1])
}

/** A raw score in deviations from the mean. */
export function normalizedScore(raw: number, { normalization }: Scorer): number {
  return (raw - normalization.mean) / normalization.std
}
