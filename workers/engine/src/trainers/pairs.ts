import { type PreferenceRow, preferenceRowSchema } from '@temper/db/contracts'
import { bucket, type PackedBatch, packBatch, preferenceSequences, readRows, type Sequence } from '../data/index.ts'
import { batchFeeds, type Feeds } from '../forward/index.ts'
import type { Tokenizer } from '../tokenizer/index.ts'

/** A judged pair as token sequences: prompt and answer, with the loss on the answer. */
export interface Pair {
  /** Place in the file. */
  index: number
  chosen: Sequence
  rejected: Sequence
  tie: boolean
}

export async function readPairs(file: string, tokenizer: Tokenizer, maxLength: number): Promise<Pair[]> {
  const rows = await readRows(file, preferenceRowSchema)
  return rows.map((row, index) => pairOf(row, index, tokenizer, maxLength))
}

export function pairOf(row: PreferenceRow, index: number, tokenizer: Tokenizer, maxLength: number): Pair {
  return { index, ...preferenceSequences(tokenizer, row, maxLength), tie: row.tie }
}

/** Up to `size` pairs as one batch: sequences are numbered chosen 0 … size − 1, rejected size … 2 · size − 1. */
export interface PairBatch {
  pairs: readonly Pair[]
  size: number
  feeds: Feeds
  /** Real tokens. */
  tokens: number
}

/**
 * Packs pairs into rows of `rowLength`. A batch that is not full repeats its first pair with weight 0. `denominator` is
 * the number of pairs of the whole optimizer step.
 */
export function pairBatch(
  pairs: readonly Pair[],
  options: { size: number; rowLength: number; denominator: number },
): PairBatch {
  const { size, rowLength, denominator } = options
  const filled = Array.from({ length: size }, (_, i) => copyOf(pairs[i] ?? (pairs[0] as Pair)))
  const sequences = [...filled.map(({ chosen }) => chosen), ...filled.map(({ rejected }) => rejected)]
  const packed = packRows(sequences, rowLength)
  const real = pairs.reduce((sum, { chosen, rejected }) => sum + chosen.ids.length + rejected.ids.length, 0)
  const feeds = batchFeeds(packed, {
    sequenceOf: packed.sequenceOf,
    lastPositions: packed.lastPositions.slice(0, 2 * size),
    pairWeights: Float32Array.from(filled, (_, i) => (i < pairs.length ? 1 : 0)),
    ties: Float32Array.from(filled, ({ tie }) => (tie ? 1 : 0)),
    denominator,
  })
  return { pairs, size, feeds, tokens: real }
}

/** A bucket of rows, so that few shapes occur. */
function packRows(sequences: readonly Sequence[], rowLength: number): PackedBatch {
  const exact = packBatch(sequences, { rowLength })
  return packBatch(sequences, { rowLength, rows: bucket(exact.rows, 1) })
}

/** Packing tells sequences apart by identity, and a small dataset puts a pair into a batch twice. */
function copyOf(pair: Pair): Pair {
  return { ...pair, chosen: { ...pair.chosen }, rejected: { ...pair.rejected } }
}

/** Drops ties where a recipe says so. */
export function withoutTies(pairs: readonly Pair[], ties: 'half' | 'drop'): Pair[] {
  return ties === 'drop' ? pairs.filter(({ tie }) => !tie) : [...pairs]
}
