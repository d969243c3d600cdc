import type { Sampling } from '@temper/db/contracts'
import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { tf } from '../runtime/tf.ts'
import { sparseCrossEntropy } from '../tracing/index.ts'
import { type Past, penalizedLogits } from './penalties.ts'

const minusInfinity = -1e30

export type Filters = Pick<Sampling, 'temperature' | 'topK' | 'topP' | 'minP'>

/**
 * The next-token distribution that a sampling setting leaves, in the order of Hugging Face's warpers: temperature,
 * top-k, top-p, min-p. `logits` (B, V) → probabilities (B, V), 0 for tokens that are filtered out.
 */
export function filteredProbabilities(logits: Tensor, sampling: Filters): Tensor {
  let scaled = scaledLogits(logits, sampling.temperature)
  if (sampling.topK > 0) scaled = keepTopK(scaled, sampling.topK)
  if (sampling.topP < 1) scaled = keepTopP(scaled, sampling.topP)
  if (sampling.minP > 0) scaled = keepMinP(scaled, sampling.minP)
  return tf.softmax(scaled)
}

/** Logits over the temperature; greedy decoding (temperature 0) reports log-probs at temperature 1. */
export function scaledLogits(logits: Tensor, temperature: number): Tensor {
  return temperature === 0 || temperature === 1 ? logits : tf.div(logits, temperature)
}

function keepTopK(logits: Tensor, k: number): Tensor {
  const vocabSize = logits.shape[1] as number
  if (k >= vocabSize) return logits
  const { values } = tf.topk(logits, k)
  return keepFrom(logits, tf.slice(values, [0, k - 1], [-1, 1]))
}

/** A token stays while the tokens more likely than it hold less than `topP`; the most likely one always stays. */
function keepTopP(logits: Tensor, topP: number): Tensor {
  const { values } = tf.topk(logits, logits.shape[1] as number)
  const above = tf.cumsum(tf.softmax(values), 1, true)
  const kept = tf.where(tf.less(above, topP), values, tf.fill(values.shape, -minusInfinity))
  return keepFrom(logits, tf.min(kept, 1, true))
}

/** A token stays that is at least `minP` times as probable as the most likely one. */
function keepMinP(logits: Tensor, minP: number): Tensor {
  return keepFrom(logits, tf.add(tf.max(logits, 1, true), Math.log(minP)))
}

/** Removes logits below `threshold` (B, 1). */
function keepFrom(logits: Tensor, threshold: Tensor): Tensor {
  return tf.where(tf.greaterEqual(logits, threshold), logits, tf.fill(logits.shape, minusInfinity))
}

/**
 * Draws one token a row by inverting the distribution at `uniforms` (B), so that a token depends on its own row and
 * number alone. Penalties apply where `past` is given, to greedy decoding too. Returns ids (B) int32 and `logps` (B):
 * the model's own log-probs at the temperature, before penalties and filters, which is what a trainer computes.
 */
export function sampleTokens(logits: Tensor, uniforms: Tensor, sampling: Sampling, past?: Past) {
  const left = past ? penalizedLogits(logits, sampling, past) : logits
  const ids = sampling.temperature === 0 ? tf.argMax(left, 1) : draw(filteredProbabilities(left, sampling), uniforms)
  const logps = tf.neg(sparseCrossEntropy(scaledLogits(logits, sampling.temperature), ids))
  return { ids: tf.cast(ids, 'int32'), logps }
}

function draw(probabilities: Tensor, uniforms: Tensor): Tensor {
  const vocabSize = probabilities.shape[1] as number
  const cumulative = tf.cumsum(probabilities, 1)
  const total = tf.slice(cumulative, [0, vocabSize - 1], [-1, 1])
  const below = tf.lessEqual(cumulative, tf.mul(total, tf.expandDims(uniforms, 1)))
  const ids = tf.sum(tf.cast(below, 'int32'), 1)
  return tf.minimum(ids, tf.scalar(vocabSize - 1, 'int32'))
}
