import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { tf } from '../runtime/tf.ts'
import { crossEntropyGradient, notBefore, sparseCrossEntropyWithEntropy, stopGradient } from '../tracing/index.ts'

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
  /** Rows × vocabulary above which rows are scored in chunks, one after another; the backward pass scores them again. */
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
  return scoreInChunks(scaled, headWeight, targets, chunksOf(count, chunkRows))
}

function scoreChunk(rows: Tensor, headWeight: Tensor, targets: Tensor): TokenScores {
  const logits = tf.matMul(rows, headWeight, false, true) // (M, V)
  const { losses, entropy } = sparseCrossEntropyWithEntropy(logits, targets)
  const best = stopGradient(logits).argMax(1)
  return { logps: losses.neg(), entropy, correct: tf.equal(best, targets).cast('float32') }
}

/** Rows [from, from + size). */
interface Chunk {
  from: number
  size: number
}

function chunksOf(count: number, chunkRows: number): Chunk[] {
  const chunks = Math.ceil(count / chunkRows)
  return Array.from({ length: chunks }, (_, i) => ({
    from: i * chunkRows,
    size: Math.min(chunkRows, count - i * chunkRows),
  }))
}

/**
 * As `scoreChunk`, but with the logits of one chunk at a time, and none kept for the backward pass. The three scores leave
 * as the rows of one tensor, because a function with its own gradient returns one; gradients of the last two are 0.
 */
function scoreInChunks(rows: Tensor, headWeight: Tensor, targets: Tensor, chunks: readonly Chunk[]): TokenScores {
  const scores = tf.customGrad((...args: unknown[]) => {
    const [x, weight, save] = args as [Tensor, Tensor, (tensors: Tensor[]) => void]
    const parts: Tensor[] = []
    for (const chunk of chunks) {
      const part = scoreChunk(chunkAfter(x, chunk, parts.at(-1)), weight, targets.slice([chunk.from], [chunk.size]))
      parts.push(tf.stack([part.logps, part.entropy, part.correct]))
    }
    save([x, weight, targets])
    return { value: tf.concat(parts, 1), gradFunc: (dy: Tensor, saved: Tensor[]) => backward(dy, saved, chunks) }
  })(rows, headWeight)
  const [logps, entropy, correct] = tf.unstack(scores) as [Tensor, Tensor, Tensor]
  return { logps, entropy, correct }
}

/** d logp / d logits = onehot(target) − softmax(logits). `dy` is (3, M). */
function backward(dy: Tensor, saved: Tensor[], chunks: readonly Chunk[]): Tensor[] {
  const [rows, headWeight, targets] = saved as [Tensor, Tensor, Tensor]
  const dRows: Tensor[] = []
  let dWeight: Tensor | undefined
  for (const chunk of chunks) {
    const { from, size } = chunk
    const x = chunkAfter(rows, chunk, dWeight ?? dy)
    const logits = tf.matMul(x, headWeight, false, true)
    const dLogps = dy.slice([0, from], [1, size]).neg().reshape([size, 1])
    const dLogits = tf.mul(crossEntropyGradient(logits, targets.slice([from], [size])), dLogps)
    dRows.push(tf.matMul(dLogits, headWeight))
    const ofChunk = tf.matMul(dLogits, x, true)
    dWeight = dWeight ? dWeight.add(ofChunk) : ofChunk
  }
  return [tf.concat(dRows), dWeight as Tensor]
}

/** A chunk of rows, once what came before it is done. */
function chunkAfter(rows: Tensor, { from, size }: Chunk, before: Tensor | undefined): Tensor {
  const chunk = rows.slice([from, 0], [size, -1])
  return before ? notBefore(chunk, before) : chunk
}
