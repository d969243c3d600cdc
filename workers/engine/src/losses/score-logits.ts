import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { tf } from '../runtime/tf.ts'
import { crossEntropyParts, hasOwnKernels, ownKernel } from '../tracing/index.ts'

/** Hidden states (M, D), the head's weight (V, D) and targets, int32 (M). */
export interface ScoredRows {
  rows: Tensor
  head: Tensor
  targets: Tensor
}

export interface Scored {
  /** (3, M): log-probability of the target, entropy in nats, and 1 where the target is the likeliest token. */
  scores: Tensor
  /** What the gradients need. */
  kept: Tensor[]
}

/** How rows are scored; what tape there is sees none of it. */
export interface LogitScoring {
  score(input: ScoredRows): Scored
  /** Of Σ dLogps · logp, for `dLogps` (M): `dHead` is not computed unless it is read. */
  gradients(input: ScoredRows, kept: readonly Tensor[], dLogps: Tensor): { dRows: Tensor; dHead: () => Tensor }
}

/** Up to so many rows TensorFlow's operations do: the product is then one of our own, which reads the head once. */
const fewRows = 64

/** By our kernel, where there is one, and rows enough. */
export function logitScoring(rows: Tensor): LogitScoring {
  return hasOwnKernels(rows) && (rows.shape[0] ?? 0) > fewRows ? byKernel : byOperations
}

/**
 * Logits lie with a token in a column, (V, P): products with a large left side and a small right one are the faster ones.
 * Rows that lie a multiple of 2 KB apart would fall on the same few lines of the processor's cache, and products of them
 * take half as long again: 16 more columns, of no token, are cheaper.
 */
const byKernel: LogitScoring = {
  score({ rows, head, targets }) {
    const logits = tf.matMul(head, uncrowded(rows), false, true)
    const outputs = [[3, targets.size], [2, targets.size]] // biome-ignore format: two shapes
    const made = ownKernel({ op: 'TemperTokenScores', inputs: [logits, targets], outputs })
    const [scores, parts] = made as [Tensor, Tensor]
    return { scores, kept: [logits, parts] }
  },
  gradients({ rows, head, targets }, [logits, parts], dLogps) {
    const inputs = [logits, targets, parts, dLogps] as Tensor[]
    const [dLogits] = ownKernel({ op: 'TemperTokenScoresGrad', inputs, outputs: [(logits as Tensor).shape] }) as [
      Tensor,
    ]
    const dRows = tf.slice(tf.matMul(dLogits, head, true, false), [0, 0], rows.shape)
    return { dRows, dHead: () => tf.matMul(dLogits, uncrowded(rows)) }
  },
}

const crowded = { floats: 512, more: 16 }

function uncrowded(rows: Tensor): Tensor {
  const [count = 0, width = 0] = rows.shape
  return count % crowded.floats === 0 ? tf.concat([rows, tf.zeros([crowded.more, width])]) : rows
}

/** Logits lie with a token in a row, (M, V). */
const byOperations: LogitScoring = {
  score({ rows, head, targets }) {
    const logits = tf.matMul(rows, head, false, true)
    const { losses, gradient, entropy } = crossEntropyParts(logits, targets)
    const correct = tf.cast(tf.equal(tf.argMax(logits, 1), targets), 'float32')
    return { scores: tf.stack([tf.neg(losses), entropy, correct]), kept: [gradient] }
  },
  /** softmax(logits) − onehot(target) is kept. */
  gradients({ rows, head }, [gradient], dLogps) {
    const dLogits = tf.mul(gradient as Tensor, tf.expandDims(tf.neg(dLogps), 1))
    return { dRows: tf.matMul(dLogits, head), dHead: () => tf.matMul(dLogits, rows, true) }
  },
}
