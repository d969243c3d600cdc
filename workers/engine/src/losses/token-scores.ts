import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { tf } from '../runtime/tf.ts'
import { notBefore } from '../tracing/index.ts'
import { type LogitScoring, logitScoring, type ScoredLogits } from './score-logits.ts'

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
  /** Set where nobody asks for the gradient of the head's weight: it is a product of that size a chunk. */
  frozenHead?: boolean
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
  const { temperature = 1, maxLogits: limit = maxLogits, frozenHead = false } = options
  // Dividing (M, D) is cheaper than dividing (M, V).
  const scaled = temperature === 1 ? rows : rows.div(temperature)
  const [count = 0] = rows.shape
  const [vocabSize = 1] = headWeight.shape
  const chunks = chunksOf(count, Math.max(1, Math.min(count, Math.floor(limit / vocabSize))))
  const scores = scoreInChunks(scaled, headWeight, targets, { chunks, frozenHead })
  const [logps, entropy, correct] = tf.unstack(scores) as [Tensor, Tensor, Tensor]
  return { logps, entropy, correct }
}

interface Plan {
  chunks: readonly Chunk[]
  frozenHead: boolean
}

/** Rows [from, from + size). */
interface Chunk {
  from: number
  size: number
}

function chunksOf(count: number, chunkRows: number): Chunk[] {
  const chunks = Math.max(1, Math.ceil(count / chunkRows))
  return Array.from({ length: chunks }, (_, i) => ({
    from: i * chunkRows,
    size: Math.min(chunkRows, count - i * chunkRows),
  }))
}

/**
 * The scores as the rows of one tensor, because a function with its own gradient returns one; gradients of the last two
 * are 0. Of several chunks the logits are there one at a time, and none are kept for the backward pass.
 */
function scoreInChunks(rows: Tensor, headWeight: Tensor, targets: Tensor, plan: Plan): Tensor {
  const scoring = logitScoring(rows, headWeight.shape[0] ?? 1)
  return tf.customGrad((...args: unknown[]) => {
    const [x, weight, save] = args as [Tensor, Tensor, (tensors: Tensor[]) => void]
    const head = scoring.widen(weight) // (P, D)
    const parts: ScoredLogits[] = []
    for (const chunk of plan.chunks) {
      const logits = tf.matMul(chunkAfter(x, chunk, parts.at(-1)?.scores), head, false, true) // (M, P)
      parts.push(scoring.score(logits, ofChunk(targets, chunk)))
    }
    const [only, ...more] = parts
    save([x, head, targets, ...(only && more.length === 0 ? only.kept : [])])
    const gradFunc = (dy: Tensor, saved: Tensor[]) => backward(scoring, plan, saved, dy, weight.shape)
    return { value: tf.concat(parts.map(({ scores }) => scores), 1), gradFunc } // biome-ignore format: one line
  })(rows, headWeight)
}

/** Of the log-probs alone. `dy` is (3, M). */
function backward(
  scoring: LogitScoring,
  { chunks, frozenHead }: Plan,
  [rows, head, targets, ...kept]: Tensor[],
  dy: Tensor,
  weightShape: number[],
): Tensor[] {
  const dRows: Tensor[] = []
  let dHead: Tensor | undefined
  for (const chunk of chunks) {
    const x = chunkAfter(rows as Tensor, chunk, dHead ?? dRows.at(-1) ?? dy)
    const labels = ofChunk(targets as Tensor, chunk)
    const { kept: again } =
      kept.length > 0 ? { kept } : scoring.score(tf.matMul(x, head as Tensor, false, true), labels)
    const dLogits = scoring.gradient(again, labels, tf.reshape(tf.slice(dy, [0, chunk.from], [1, chunk.size]), [-1]))
    dRows.push(tf.matMul(dLogits, head as Tensor))
    if (frozenHead) continue
    const part = tf.matMul(dLogits, x, true)
    dHead = dHead ? tf.add(dHead, part) : part
  }
  return [tf.concat(dRows), dHead ? tf.slice(dHead, [0, 0], weightShape) : tf.zeros(weightShape)]
}

const ofChunk = (targets: Tensor, { from, size }: Chunk) => tf.slice(targets, [from], [size])

/** A chunk of rows, once what came before it is done. */
function chunkAfter(rows: Tensor, { from, size }: Chunk, before: Tensor | undefined): Tensor {
  const chunk = tf.slice(rows, [from, 0], [size, -1])
  return before ? notBefore(chunk, before) : chunk
}
