import type { Sequence } from '../tokenizer/index.ts'
import { bucket, countTargets, emptyBatch, type PackedBatch, place } from './packing.ts'

/** Sequences that begin alike, such as both answers to a prompt: the beginning lies in a row once. */
export interface PromptGroup {
  sequences: readonly Sequence[]
  /** Tokens that all of them begin with. */
  shared: number
  /** Tokens in all. */
  size: number
}

export function promptGroup(sequences: readonly Sequence[]): PromptGroup {
  const [first, ...others] = sequences.map(({ ids }) => ids)
  let shared = 0
  const alike = (id: number, i: number) => others.every((ids) => ids[i] === id)
  while (first?.[shared] !== undefined && alike(first[shared] as number, shared)) shared++
  const size = sequences.reduce((sum, { ids }) => sum + ids.length - shared, shared)
  return { sequences, shared, size }
}

/**
 * Groups laid into rows: what the sequences of one share is a segment of its own, and each goes on in another, which sees
 * it as its parent. The token after the shared part is predicted from its last token, and so is every trained token
 * inside it, once for each sequence. Sequence s of group g has number s · groups + g.
 * @param options.rowTokens about as many tokens as a row holds: as few rows as that makes, all of them about as full
 */
export function packGroups(groups: readonly PromptGroup[], options: { rowTokens: number }): PackedBatch {
  const rows = balancedRows(groups, options.rowTokens)
  const rowLength = bucket(Math.max(...rows.map(sizeOf)), 8)
  const sequences = groups.flatMap((group) => group.sequences)
  const lossTokens = sequences.reduce((sum, sequence) => sum + countTargets(sequence), 0)
  // Few sizes: a new one costs a compilation, as long as a step; a padded token costs the output layer alone.
  const sizes = { lossTokens: bucket(lossTokens, 2), sequences: bucket(sequences.length) }
  const batch = { ...emptyBatch(rows.length, rowLength, sizes), parents: new Int32Array(rows.length * rowLength) }
  const numbers = new Map(groups.map((group, index) => [group, index]))
  for (const [row, members] of rows.entries()) {
    let cursor = { at: row * rowLength, segment: 1 }
    for (const group of members) {
      const numberOf = (sequence: number) => sequence * groups.length + (numbers.get(group) ?? 0)
      cursor = placeGroup(batch, group, numberOf, cursor)
    }
  }
  return batch
}

interface Cursor {
  /** Flat index of the next free token. */
  at: number
  /** The next free number. */
  segment: number
}

function placeGroup(
  batch: PackedBatch,
  { sequences, shared }: PromptGroup,
  numberOf: (sequence: number) => number,
  { at, segment }: Cursor,
): Cursor {
  const beginning = { at, length: shared, segment }
  let next = { at: at + shared, segment: shared > 0 ? segment + 1 : segment }
  for (const [index, sequence] of sequences.entries()) {
    place(batch, sequence, { ...next, index: numberOf(index), beginning: { ...beginning, written: index > 0 } })
    next = { at: next.at + sequence.ids.length - shared, segment: next.segment + 1 }
  }
  return next
}

/** Largest first, each into the row that is emptiest (Graham's longest processing time). Deterministic. */
function balancedRows(groups: readonly PromptGroup[], rowTokens: number): PromptGroup[][] {
  const rows: PromptGroup[][] = Array.from({ length: Math.max(1, Math.ceil(sizeOf(groups) / rowTokens)) }, () => [])
  for (const group of groups.toSorted((a, b) => b.size - a.size)) {
    const emptiest = rows.reduce((best, row) => (sizeOf(row) < sizeOf(best) ? row : best))
    emptiest.push(group)
  }
  return rows
}

function sizeOf(groups: readonly PromptGroup[]): number {
  return groups.reduce((sum, { size }) => sum + size, 0)
}
