import type { Tensor } from '@tensorflow/tfjs-node-gpu'
import { tf } from '../runtime/tf.ts'
import { notBefore } from '../tracing/index.ts'
import { type LogitScoring, logitScoring, type Scored, type ScoredRows } from './score-logits.ts'

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

/** As few as hold at most so many rows each, all of about one size. */
function chunksOf(count: number, mostRows: number): Chunk[] {
  const chunks = Math.max(1, Math.ceil(count / mostRows))
  const rows = Math.ceil(count / chunks)
  return Array.from({ length: chunks }, (_, i) => ({ from: i * rows, size: Math.min(rows, count - i * rows) }))
}

/**
 * The scores as the rows of one tensor, because a function with its own gradient returns one; gradients of the last two
 * are 0. Of several chunks the logits are there one at a time, and none are kept for the backward pass.
 */
function scoreInChunks(rows: Tensor, headWeight: Tensor, targets: Tensor, plan: Plan): Tensor {
  const scoring = logitScoring(rows)
  return tf.customGrad((...args: unknown[]) => {
    const [x, head, save] = args as [Tensor, Tensor, (tensors: Tensor[]) => void]
    const parts: Scored[] = []
    for (const chunk of plan.chunks) {
      parts.push(scoring.score(chunkAfter({ rows: x, head, targets }, chunk, parts.at(-1)?.scores)))
    }
    const [only, ...more] = parts
    save([x, head, targets, ...(only && more.length === 0 ? only.kept : [])])
    const scores = parts.map((part) => part.scores)
    return {
      value: tf.concat(scores, 1),
      gradFunc: (dy: Tensor, saved: Tensor[]) => backward(scoring, plan, saved, dy),
    }
  })(rows, headWeight)
}

/** Of the log-probs alone. `dy` is (3, M). */
function backward(
  scoring: LogitScoring,
  { chunks, frozenHead }: Plan,
  [rows, head, targets, ...kept]: Tensor[],
  dy: Tensor,
): Tensor[] {
  const whole = { rows, head, targets } as ScoredRows
  const dRows: Tensor[] = []
  let dHead: Tensor | undefined
  for (const chunk of chunks) {
    const input = chunkAfter(whole, chunk, dHead ?? dRows.at(-1) ?? dy)
    const dLogps = tf.reshape(tf.slice(dy, [0, chunk.from], [1, chunk.size]), [-1])
    const found = scoring.gradients(input, kept.length > 0 ? kept : scoring.score(input).kept, dLogps)
    dRows.push(found.dRows)
    if (frozenHead) continue
    dHead = dHead ? tf.add(dHead, found.dHead()) : found.dHead()
  }
  return [tf.concat(dRows), dHead ?? tf.zeros(whole.head.shape)]
}

/** The rows of a chunk and their targets, once what came before it is done. */
function chunkAfter(
  { rows, head, targets }: ScoredRows,
  { from, size }: Chunk,
  before: Tensor | undefined,
): ScoredRows {
  const some = tf.slice(rows, [from, 0], [size, -1])
  return { rows: before ? notBefore(some, before) : some, head, targets: tf.slice(targets, [from], [size]) }
}
