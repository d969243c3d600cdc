import { expect, test } from 'vitest'
import { random, randomInt } from '../random.ts'
import type { Sequence } from '../tokenizer/index.ts'
import { bucket, packSequences, toBatch } from './packing.ts'

/** Tokens `first`, `first + 1`, …; the first `prompt` are not trained. */
function sequence(first: number, length: number, prompt = 1): Sequence {
  const ids = Array.from({ length }, (_, i) => first + i)
  return { ids, lossMask: ids.map((_, i) => i >= prompt) }
}

const rowLength = 8

test('lays a batch out token by token', () => {
  const of = (dataRow: number, made: Sequence) => ({ ...made, dataRows: [dataRow] })
  const rows = [[of(7, sequence(10, 4, 2)), sequence(20, 3)], [of(2, sequence(30, 2))]]
  const batch = toBatch(rows, { rowLength, rows: 3, lossTokens: 6, sequences: 4 })
  expect(batch).toEqual({
    rows: 3,
    rowLength: 8,
    ids: Int32Array.of(10, 11, 12, 13, 20, 21, 22, 0, 30, 31, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    positions: Int32Array.of(0, 1, 2, 3, 0, 1, 2, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    segments: Int32Array.of(1, 1, 1, 1, 2, 2, 2, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    lossPositions: Int32Array.of(1, 2, 4, 5, 8, 0), // the place before each target
    targets: Int32Array.of(12, 13, 21, 22, 31, 0),
    weights: Float32Array.of(1, 1, 1, 1, 1, 0),
    sequenceOf: Int32Array.of(0, 0, 1, 1, 2, 0),
    lastPositions: Int32Array.of(3, 6, 9, 0),
    tokens: 9,
    lossTokens: 5,
    sequences: 3,
    dataRows: [7, 2],
  })
})

test('trains every masked token once, from the token before it in its own segment', () => {
  const all = Array.from({ length: 60 }, (_, i) => sequence(100 * (i + 1), 1 + randomInt(8, 1, i), randomInt(4, 2, i)))
  const batch = toBatch(packSequences(all, { rowLength }), { rowLength })
  const wanted = all.flatMap(({ ids, lossMask }) => ids.filter((_, i) => i > 0 && lossMask[i]))
  const targets = Array.from(batch.targets.subarray(0, batch.lossTokens))
  expect(targets.toSorted((a, b) => a - b)).toEqual(wanted)
  for (const [j, target] of targets.entries()) {
    const at = batch.lossPositions[j] ?? -1
    expect(batch.ids[at]).toBe(target - 1)
    expect(batch.segments[at + 1]).toBe(batch.segments[at])
  }
  expect(batch.tokens).toBe(all.reduce((sum, { ids }) => sum + ids.length, 0))
})

test('predicts the token after a row that was cut from a longer text', () => {
  const batch = toBatch([[{ ...sequence(10, 3), next: 13 }]], { rowLength: 3, lossTokens: 3 })
  expect(batch.targets).toEqual(Int32Array.of(11, 12, 13))
  expect(batch.lossPositions).toEqual(Int32Array.of(0, 1, 2))
  expect(batch.tokens).toBe(3)
})

test('packs natural lengths densely, each sequence once, and always alike', () => {
  const lengths = Array.from({ length: 2000 }, (_, i) => 20 + Math.floor(80 * random(4, i) ** 2))
  const all = lengths.map((length, i) => sequence(1000 * i, length))
  const rows = packSequences(all, { rowLength: 256 })
  expect(new Set(rows.flat())).toEqual(new Set(all))
  expect(rows.flat()).toHaveLength(all.length)
  expect(lengths.reduce((a, b) => a + b) / (rows.length * 256)).toBeGreaterThan(0.95)
  expect(packSequences(all, { rowLength: 256 })).toEqual(rows)
})

test('refuses what does not fit', () => {
  expect(() => packSequences([sequence(1, 9)], { rowLength })).toThrow('9 tokens does not fit a row of 8')
  expect(() => packSequences([sequence(1, 0)], { rowLength })).toThrow('0 tokens')
  expect(() => toBatch([[sequence(1, 5), sequence(1, 5)]], { rowLength })).toThrow('10 tokens')
  expect(() => toBatch([[sequence(1, 5)], [sequence(1, 5)]], { rowLength, rows: 1 })).toThrow('2 rows do not fit')
  expect(() => toBatch([[sequence(1, 5)]], { rowLength, lossTokens: 3 })).toThrow('4 loss tokens do not fit')
})

test('buckets are few and at most a quarter larger than needed', () => {
  const sizes = Array.from({ length: 4000 }, (_, i) => bucket(i + 9))
  expect(sizes.every((size, i) => size >= i + 9 && size < (i + 9) * 1.25)).toBe(true)
  expect(new Set(sizes).size).toBeLessThan(40)
  expect([0, 1, 8, 9, 17, 33].map((count) => bucket(count))).toEqual([8, 8, 8, 10, 20, 40])
  expect([9, 17, 33, 65, 1025].map((count) => bucket(count, 8))).toEqual([10, 18, 36, 72, 1152])
})
