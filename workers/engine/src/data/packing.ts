import { TemperError } from '@temper/db/contracts'
import type { Sequence } from '../tokenizer/index.ts'

/**
 * Sequences laid into rows of fixed length, as a training step takes them. B rows of T tokens; M loss tokens and
 * N sequences, both padded to a bucket so that few shapes occur.
 */
export interface PackedBatch {
  /** B and T. */
  rows: number
  rowLength: number
  /** (B·T) token ids; 0 where nothing is. */
  ids: Int32Array
  /** (B·T) position inside the sequence; restarts with each one. */
  positions: Int32Array
  /** (B·T) which sequence of the row, from 1; 0 is padding. Attention never crosses segments. */
  segments: Int32Array
  /** (B·T) the segment that a token's own continues and sees all of, its own where none; unset where none does. */
  parents?: Int32Array
  /** (M) flat index of the hidden state that predicts `targets[j]`: the one before it. 0 where padded. */
  lossPositions: Int32Array
  /** (M) trained tokens. */
  targets: Int32Array
  /** (M) 1, or 0 where padded. */
  weights: Float32Array
  /** (M) index of the sequence that a loss token belongs to. */
  sequenceOf: Int32Array
  /** (N) flat index of each sequence's last token. 0 where padded. */
  lastPositions: Int32Array
  /** Real tokens, loss tokens and sequences. */
  tokens: number
  lossTokens: number
  sequences: number
  /** Rows of the data that the sequences come from, as far as they know. */
  dataRows: number[]
}

/** Sequences that share a row. */
export type Row = readonly Sequence[]

/**
 * Lays sequences into rows: each goes, in order, into the open row that it fills best (best fit; of equal rows, the one
 * touched last). Deterministic.
 *
 * @throws invalid_input where a sequence is empty or longer than a row
 */
export function packSequences(sequences: readonly Sequence[], options: { rowLength: number }): Row[] {
  const { rowLength } = options
  const rows: Sequence[][] = []
  /** Open rows by how many tokens are left in them. */
  const open: Sequence[][][] = Array.from({ length: rowLength + 1 }, () => [])
  for (const sequence of sequences) {
    const { length } = sequence.ids
    if (length < 1 || length > rowLength) throw misfit(length, rowLength)
    let free = length
    while (free < rowLength && open[free]?.length === 0) free++
    let row = open[free]?.pop()
    if (row === undefined) {
      row = []
      rows.push(row)
    }
    row.push(sequence)
    open[free - length]?.push(row)
  }
  return rows
}

function misfit(length: number, rowLength: number): TemperError {
  const message = `a sequence of ${length} tokens does not fit a row of ${rowLength}`
  return new TemperError('invalid_input', message, { details: { length, rowLength } })
}

/**
 * The next of 8, 10, 12, 14, 16, 20, 24, 28, 32, 40, …: at most a fifth is padding, and few sizes occur.
 * @param fineness - sizes up to twice as many, a power of 2: 8 of them make it a ninth
 */
export function bucket(count: number, fineness = 4): number {
  const step = Math.max(2, 2 ** Math.floor(Math.log2(Math.max(1, count - 1))) / fineness)
  return Math.max(8, Math.ceil(count / step) * step)
}

/**
 * Rows as the arrays of a training step.
 *
 * @param options.rows B, at least `rows.length`; the rest is padding. `rows.length` unless set
 * @param options.lossTokens M, and `options.sequences` N: a bucket of what there is unless set
 */
export function toBatch(
  rows: readonly Row[],
  options: {
    rowLength: number
    rows?: number
    lossTokens?: number
    sequences?: number
  },
): PackedBatch {
  const { rowLength } = options
  const sequences = rows.flat()
  const nRows = fit('rows', rows.length, options.rows ?? rows.length)
  const lossTokens = sequences.reduce((sum, sequence) => sum + countTargets(sequence), 0)
  const batch = emptyBatch(nRows, rowLength, {
    lossTokens: fit('loss tokens', lossTokens, options.lossTokens ?? Math.min(bucket(lossTokens), nRows * rowLength)),
    sequences: fit('sequences', sequences.length, options.sequences ?? bucket(sequences.length)),
  })
  for (const [row, members] of rows.entries()) {
    let offset = 0
    for (const [segment, sequence] of members.entries()) {
      if (offset + sequence.ids.length > rowLength) throw misfit(offset + sequence.ids.length, rowLength)
      place(batch, sequence, { index: batch.sequences, segment: segment + 1, at: row * rowLength + offset })
      offset += sequence.ids.length
    }
  }
  return batch
}

/** Where a sequence goes: all of it to `at`, or what follows a beginning that lies elsewhere. */
interface Place {
  /** The sequence's number. */
  index: number
  segment: number
  at: number
  beginning?: { at: number; length: number; segment: number; written: boolean }
}

export function place(batch: PackedBatch, sequence: Sequence, to: Place): void {
  const { ids, lossMask, next } = sequence
  const { at = to.at, length: shared = 0, segment = to.segment, written = true } = to.beginning ?? {}
  const indexOf = (i: number) => (i < shared ? at + i : to.at + i - shared)
  for (let i = written ? shared : 0; i < ids.length; i++) {
    batch.ids[indexOf(i)] = ids[i] as number
    batch.positions[indexOf(i)] = i
    batch.segments[indexOf(i)] = i < shared ? segment : to.segment
    if (batch.parents) batch.parents[indexOf(i)] = shared > 0 ? segment : to.segment
    batch.tokens++
  }
  for (let i = 1; i < ids.length; i++) {
    if (lossMask[i]) addTarget(batch, to.index, indexOf(i - 1), ids[i] as number)
  }
  const last = indexOf(ids.length - 1)
  if (next !== undefined) addTarget(batch, to.index, last, next)
  batch.lastPositions[to.index] = last
  batch.sequences++
  batch.dataRows.push(...(sequence.dataRows ?? []))
}

function addTarget(batch: PackedBatch, sequence: number, position: number, target: number): void {
  const j = batch.lossTokens++
  batch.lossPositions[j] = position
  batch.targets[j] = target
  batch.weights[j] = 1
  batch.sequenceOf[j] = sequence
}

export function emptyBatch(
  rows: number,
  rowLength: number,
  size: { lossTokens: number; sequences: number },
): PackedBatch {
  const tokens = () => new Int32Array(rows * rowLength)
  const loss = () => new Int32Array(size.lossTokens)
  return {
    rows,
    rowLength,
    ids: tokens(),
    positions: tokens(),
    segments: tokens(),
    lossPositions: loss(),
    targets: loss(),
    weights: new Float32Array(size.lossTokens),
    sequenceOf: loss(),
    lastPositions: new Int32Array(size.sequences),
    tokens: 0,
    lossTokens: 0,
    sequences: 0,
    dataRows: [],
  }
}

export function countTargets({ lossMask, next }: Sequence): number {
  let count = next === undefined ? 0 : 1
  for (let i = 1; i < lossMask.length; i++) if (lossMask[i]) count++
  return count
}

function fit(what: string, count: number, size: number): number {
  if (count <= size) return size
  throw new TemperError('invalid_input', `${count} ${what} do not fit a batch of ${size}`, { details: { count, size } })
}
