import type { Sequence } from '@temper/engine/data'
import { randomInt } from '@temper/engine/random'
import type { Pair } from '@temper/engine/trainers'

/** `count` rows of `length` token ids in [1, vocabSize). */
export function randomRows(count: number, length: number, vocabSize: number): number[][] {
  return Array.from({ length: count }, (_, row) =>
    Array.from({ length }, (_, column) => 1 + randomInt(vocabSize - 1, 0, row, column)),
  )
}

/** Pairs of two random rows each; every token but the first is trained on. */
export function randomPairs(count: number, length: number, vocabSize: number): Pair[] {
  const rows = randomRows(2 * count, length, vocabSize).map(sequenceOf)
  return Array.from({ length: count }, (_, index) => ({
    chosen: rows[index] as Sequence,
    rejected: rows[count + index] as Sequence,
    tie: false,
    bothBad: false,
    strength: 1,
  }))
}

function sequenceOf(ids: number[]): Sequence {
  return { ids, lossMask: ids.map(() => true) }
}
