import type { Tensor, Tensor1D } from '@tensorflow/tfjs-node-gpu'
import { tf } from '../runtime/tf.ts'
import { sparseCrossEntropyWithEntropy, stopGradient } from '../tracing/index.ts'

/** One value a scored token, all (M), float32. Only `logps` has a gradient. */
export interface TokenScores {
  /** Log-probability of the target. */
  logps: Tensor
  /** Entropy of the whole distribution, nats. */
  entropy: Tensor
  /** 1 where the target is the most likely token. */
  correct: Tensor
}

/** Logits held at once: 2^24 floats are 64 MB. */
const maxLogits = 2 ** 24

export interface TokenScoreOptions {
  /** Logits are divided by it. */
  temperature?: number
  /** Rows × vocabulary above which rows are scored in chunks whose logits the backward pass computes again. */
  maxLogits?: number
}

/**
 * Scores of targets under the next-token distribution, with logits only for the given rows.
 * @param rows - hidden states (M, D)
 * @param headWeight - (V, D)
 * @param targets - int32 (M)
 */
export function tokenScores(
  rows: Tensor,
  headWeight: Tensor,
  targets: Tensor,
  options: TokenScoreOptions = {},
): TokenScores {
  const { temperature = 1, maxLogits: limit = maxLogits } = options
  // Dividing (M, D) is cheaper than dividing (M, V).
  const scaled = temperature === 1 ? rows : rows.div(temperature)
  const [count = 0] = rows.shape
  const [vocabSize = 1] = headWeight.shape
  const chunkRows = Math.max(1, Math.floor(limit / vocabSize))
  if (count <= chunkRows) return scoreChunk(scaled, headWeight, targets)
  return concatScores(
    chunkStarts(count, chunkRows).map(([from, size]) => {
      const chunk = scaled.slice([from, 0], [size, -1])
      return scoreChunkTwice(chunk, headWeight, targets.slice([from], [size]))
    }),
  )
}

function scoreChunk(rows: Tensor, headWeight: Tensor, targets: Tensor): TokenScores {
  const logits = tf.matMul(rows, headWeight, false, true) // (M, V)
  const { losses, entropy } = sparseCrossEntropyWithEntropy(logits, targets)
  const best = stopGradient(logits).argMax(1)
  return { logps: losses.neg(), entropy, correct: tf.equal(best, targets).cast('float32') }
}

/**
 * As `scoreChunk`, but the backward pass computes the logits anew instead of keeping them. The three scores leave as
 * the rows of one tensor, because a function with its own gradient returns one; gradients of the last two are 0.
 */
function scoreChunkTwice(rows: Tensor, headWeight: Tensor, targets: Tensor): TokenScores {
  const scores = tf.customGrad((x, weight, save) => {
    const inputs = [x as Tensor, weight as Tensor] as const
    const { logps, entropy, correct } = scoreChunk(...inputs, targets)
    ;(save as (tensors: Tensor[]) => void)([...inputs, targets])
    const value = tf.stack([logps, entropy, correct]) // (3, M)
    return { value, gradFunc: (dy: Tensor, saved: Tensor[]) => backward(row(dy, 0), saved) }
  })(rows, headWeight)
  return { logps: row(scores, 0), entropy: row(scores, 1), correct: row(scores, 2) }
}

/** Row `i` of (R, M), as (M). */
function row(x: Tensor, i: number): Tensor {
  return x.slice([i, 0], [1, -1]).reshape([-1])
}

/** d logp / d logits = onehot(target) − softmax(logits). */
function backward(dy: Tensor, saved: Tensor[]): Tensor[] {
  const [rows, headWeight, targets] = saved as [Tensor, Tensor, Tensor]
  const probabilities = tf.softmax(tf.matMul(rows, headWeight, false, true))
  const chosen = tf.oneHot(targets as Tensor1D, headWeight.shape[0] ?? 0)
  const dLogits = tf.mul(tf.sub(chosen, probabilities), dy.expandDims(1))
  return [tf.matMul(dLogits, headWeight), tf.matMul(dLogits, rows, true)]
}

function chunkStarts(count: number, chunkRows: number): [from: number, size: number][] {
  const chunks = Math.ceil(count / chunkRows)
  return Array.from({ length: chunks }, (_, i) => [i * chunkRows, Math.min(chunkRows, count - i * chunkRows)])
}

function concatScores(chunks: TokenScores[]): TokenScores {
  const joined = (key: keyof TokenScores) => tf.concat(chunks.map((chunk) => chunk[key]))
  return { logps: joined('logps'), entropy: joined('entropy'), correct: joined('correct') }
}
