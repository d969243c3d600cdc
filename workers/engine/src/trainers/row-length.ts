import type { Sequence } from '../data/index.ts'

/** The shortest row, in steps of 16 tokens, that holds the longest sequence; at most `maxLength`. */
export function rowLengthFor(sequences: readonly Sequence[], maxLength: number): number {
  const longest = sequences.reduce((length, { ids }) => Math.max(length, ids.length), 1)
  return Math.min(maxLength, Math.ceil(longest / 16) * 16)
}
