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

/** The next of 8, 10, 12, 14, 16, 20, 24, 28, 32, 40, …: at most a fifth is padding, and few sizes occur. */
export function bucket(count: number, minimum = 8): number {
  const step = 2 ** Math.max(1, Math.floor(Math.log2(Math.max(1, count - 1))) - 2)
  return Math.max(minimum, Math.ceil(count / step) * step)
}

/**
 * Rows as the arrays of a training step.
 *
 * @param options.rows B, at least `rows.length`; the rest is padding. `rows.length` unless set
 * @param options.lossTokens M, and `options.sequences` N: a bucket of what there is unless set
 * @param options.numbering the sequences in the order that `sequenceOf` and `lastPositions` number them; as they lie in
 *   the rows unless set
 */
export function toBatch(
  rows: readonly Row[],
  options: {
    rowLength: number
    rows?: number
    lossTokens?: number
    sequences?: number
    numbering?: readonly Sequence[]
  },
): PackedBatch {
  const { rowLength } = options
  const sequences = options.numbering ?? rows.flat()
  const numbers = numbersOf(sequences)
  const nRows = fit('rows', rows.length, options.rows ?? rows.length)
  const lossTokens = sequences.reduce((sum, sequence) => sum + countTargets(sequence), 0)
  const batch = emptyBatch(nRows, rowLength, {
    lossTokens: fit('loss tokens', lossTokens, options.lossTokens ?? Math.min(bucket(lossTokens), nRows * rowLength)),
    sequences: fit('sequences', sequences.length, options.sequences ?? bucket(sequences.length)),
  })
  for (const [row, members] of rows.entries()) {
    let offset = 0
    for (const [segment, sequence] of members.entries()) {
      const index = numbers.get(sequence)?.shift()
      if (index === undefined) throw new TemperError('internal', 'a row holds a sequence that `numbering` lacks')
      if (offset + sequence.ids.length > rowLength) throw misfit(offset + sequence.ids.length, rowLength)
      place(batch, sequence, { index, segment: segment + 1, at: row * rowLength + offset })
      offset += sequence.ids.length
    }
  }
  return batch
}

/** Where each sequence stands; one that stands several times has several numbers. */
function numbersOf(sequences: readonly Sequence[]): Map<Sequence, number[]> {
  const numbers = new Map<Sequence, number[]>()
  for (const [index, sequence] of sequences.entries()) {
    const known = numbers.get(sequence)
    if (known === undefined) numbers.set(sequence, [index])
    else known.push(index)
  }
  return numbers
}

/** Packs sequences that belong together, such as the two sides of some pairs, and numbers them as given. */
export function packBatch(sequences: readonly Sequence[], options: { rowLength: number; rows?: number }): PackedBatch {
  return toBatch(packSequences(sequences, options), { ...options, numbering: sequences })
}

function place(batch: PackedBatch, sequence: Sequence, to: { index: number; segment: number; at: number }): void {
  const { ids, lossMask, next } = sequence
  for (let i = 0; i < ids.length; i++) {
    batch.ids[to.at + i] = ids[i] as number
    batch.positions[to.at + i] = i
    batch.segments[to.at + i] = to.segment
    if (i > 0 && lossMask[i]) addTarget(batch, to.index, to.at + i - 1, ids[i] as number)
  }
  const last = to.at + ids.length - 1
  if (next !== undefined) addTarget(batch, to.index, last, next)
  batch.lastPositions[to.index] = last
  batch.tokens += ids.length
  batch.sequences++
}

function addTarget(batch: PackedBatch, sequence: number, position: number, target: number): void {
  const j = batch.lossTokens++
  batch.lossPositions[j] = position
  batch.targets[j] = target
  batch.weights[j] = 1
  batch.sequenceOf[j] = sequence
}

function emptyBatch(rows: number, rowLength: number, size: { lossTokens: number; sequences: number }): PackedBatch {
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
  }
}

function countTargets({ lossMask, next }: Sequence): number {
  let count = next === undefined ? 0 : 1
  for (let i = 1; i < lossMask.length; i++) if (lossMask[i]) count++
  return count
}

function fit(what: string, count: number, size: number): number {
  if (count <= size) return size
  throw new TemperError('invalid_input', `${count} ${what} do not fit a batch of ${size}`, { details: { count, size } })
}
