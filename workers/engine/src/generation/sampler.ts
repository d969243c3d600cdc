import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { tf } from '../runtime/tf.ts'
import { sampleRows, sparseCrossEntropy } from '../tracing/index.ts'
import { type Past, penalizedLogits } from './penalties.ts'
import type { SamplingPlan, SamplingTensors } from './sampling-settings.ts'

const minusInfinity = -1e30

type Filters = Pick<SamplingTensors, 'temperature' | 'topK' | 'topP' | 'minP'>

/**
 * The next-token distribution that sampling settings leave, in the order of Hugging Face's warpers: temperature, top-k,
 * top-p, min-p. `logits` (B, V) → probabilities (B, V), 0 for tokens that are filtered out.
 */
export function filteredProbabilities(logits: Tensor, { temperature, topK, topP, minP }: Filters): Tensor {
  const vocabSize = logits.shape[1] as number
  const scaled = scaledLogits(logits, temperature)
  const { values: sorted } = tf.topk(scaled, vocabSize)
  const kept = tf.where(tf.equal(topK, 0), tf.fill(topK.shape, vocabSize, 'int32'), topK)
  const ranked = tf.less(tf.expandDims(tf.range(0, vocabSize, 1, 'int32'), 0), tf.expandDims(kept, 1))
  const leastOfK = leastWhere(ranked, sorted)
  // A token stays while the tokens more likely than it hold less than topP; the most likely one always stays.
  const left = keepFrom(sorted, leastOfK)
  const above = tf.cumsum(tf.softmax(left), 1, true)
  const all = tf.greaterEqual(tf.expandDims(topP, 1), 1)
  const leastOfP = leastWhere(tf.logicalOr(tf.less(above, tf.expandDims(topP, 1)), all), left)
  const leastOfMin = tf.add(tf.slice(sorted, [0, 0], [-1, 1]), tf.expandDims(tf.log(tf.maximum(minP, 1e-30)), 1))
  return tf.softmax(keepFrom(scaled, tf.maximum(tf.maximum(leastOfK, leastOfP), leastOfMin)))
}

/** Logits over the temperature of their row; greedy decoding (temperature 0) reports log-probs at temperature 1. */
function scaledLogits(logits: Tensor, temperature: Tensor): Tensor {
  const divisor = tf.where(tf.equal(temperature, 0), tf.onesLike(temperature), temperature)
  return tf.div(logits, tf.expandDims(divisor, 1))
}

/** The least value of each row where `condition` holds, (B, 1). */
function leastWhere(condition: Tensor, values: Tensor): Tensor {
  return tf.min(tf.where(condition, values, tf.fill(values.shape, -minusInfinity)), 1, true)
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
export function sampleTokens(
  logits: Tensor,
  uniforms: Tensor,
  settings: SamplingTensors,
  plan: SamplingPlan,
  past?: Past,
): Record<'ids' | 'logps', Tensor> {
  const penalized = past ? penalizedLogits(logits, settings, past) : logits
  const drawn = sampleRows({ logits, penalized, uniforms, ...settings })
  if (drawn) return drawn
  const scaled = scaledLogits(penalized, settings.temperature)
  const probabilities = plan.filters ? filteredProbabilities(penalized, settings) : tf.softmax(scaled)
  const greedy = tf.cast(tf.argMax(penalized, 1), 'int32')
  const ids = tf.where(tf.equal(settings.temperature, 0), greedy, draw(probabilities, uniforms))
  const logps = tf.neg(sparseCrossEntropy(scaledLogits(logits, settings.temperature), ids))
  return { ids, logps }
}

function draw(probabilities: Tensor, uniforms: Tensor): Tensor {
  const vocabSize = probabilities.shape[1] as number
  const cumulative = tf.cumsum(probabilities, 1)
  const total = tf.slice(cumulative, [0, vocabSize - 1], [-1, 1])
  const below = tf.lessEqual(cumulative, tf.mul(total, tf.expandDims(uniforms, 1)))
  const ids = tf.sum(tf.cast(below, 'int32'), 1)
  return tf.minimum(ids, tf.scalar(vocabSize - 1, 'int32'))
}
