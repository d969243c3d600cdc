import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { tf } from '../runtime/tf.ts'
import { crossEntropyParts, hasOwnKernels, ownKernel } from '../tracing/index.ts'

export interface ScoredLogits {
  /** (3, M): log-probability of the target, entropy in nats, and 1 where the target is the likeliest token. */
  scores: Tensor
  /** What the gradient needs. */
  kept: Tensor[]
}

/** Scores of targets, int32 (M), under rows of logits (M, P); what tape there is sees none of it. */
export interface LogitScoring {
  /** (V, D) → (P, D): places from V on are not counted. */
  widen(headWeight: Tensor): Tensor
  score(logits: Tensor, targets: Tensor): ScoredLogits
  /** d logp / d logits = onehot(target) − softmax(logits), times `dLogps` (M): (M, P). */
  gradient(kept: readonly Tensor[], targets: Tensor, dLogps: Tensor): Tensor
}

/**
 * By our kernel, two passes over the logits and one for the gradient, where there is one.
 * @param rows - hidden states, (M, D)
 */
export function logitScoring(rows: Tensor, vocabSize: number): LogitScoring {
  return hasOwnKernels(rows) ? byKernel(rows.shape[0] ?? 0, vocabSize) : byOperations
}

/**
 * Rows of logits that lie a multiple of 2 KB apart fall on the same few lines of the processor's cache, and their products
 * take up to twice as long. Some more places cost a copy of the weight, which so many rows are worth.
 */
const crowded = { floats: 512, rows: 256, places: 16 }

const byKernel = (count: number, vocabSize: number): LogitScoring => {
  const attributes = { vocabulary: { int: vocabSize } }
  return {
    widen(headWeight) {
      if (count < crowded.rows || vocabSize % crowded.floats !== 0) return headWeight
      return tf.concat([headWeight, tf.zeros([crowded.places, headWeight.shape[1] ?? 0])])
    },
    score(logits, targets) {
      const outputs = [[3, targets.size], [2, targets.size]] // biome-ignore format: two shapes
      const made = ownKernel({ op: 'TemperTokenScores', inputs: [logits, targets], outputs, attributes })
      const [scores, parts] = made as [Tensor, Tensor]
      return { scores, kept: [logits, parts] }
    },
    gradient([logits, parts], targets, dLogps) {
      const inputs = [logits, targets, parts, dLogps] as Tensor[]
      const outputs = [(logits as Tensor).shape]
      return ownKernel({ op: 'TemperTokenScoresGrad', inputs, outputs, attributes })[0] as Tensor
    },
  }
}

const byOperations: LogitScoring = {
  widen: (headWeight) => headWeight,
  score(logits, targets) {
    const { losses, gradient, entropy } = crossEntropyParts(logits, targets)
    const correct = tf.cast(tf.equal(tf.argMax(logits, 1), targets), 'float32')
    return { scores: tf.stack([tf.neg(losses), entropy, correct]), kept: [gradient] }
  },
  gradient: ([gradient], _, dLogps) => tf.mul(gradient as Tensor, tf.expandDims(tf.neg(dLogps), 1)),
}
