import { expect, test } from 'vitest'
import { createTokenizer, trainBpe } from '../tokenizer/index.ts'
import { epochOrder } from './epoch-order.ts'
import { toBatch } from './packing.ts'
import { coverRows, encodeStream, streamRow } from './stream.ts'

const text = Int32Array.from({ length: 100 }, (_, i) => i)

test('a random row depends on seed and counters alone, and reaches every place', () => {
  expect(streamRow(text, 8, 1, 5, 0)).toEqual(streamRow(text, 8, 1, 5, 0))
  const starts = new Set(Array.from({ length: 2000 }, (_, step) => streamRow(text, 8, 1, step)[0]?.ids[0]))
  expect(starts).toEqual(new Set(Array(92).keys())) // the last row ends at 98 and predicts 99
})

test('every token of a random row predicts its next', () => {
  const { ids, targets, tokens } = toBatch([streamRow(text, 8, 3, 1), streamRow(text, 8, 3, 2)], { rowLength: 8 })
  expect(tokens).toBe(16)
  expect(Array.from(targets)).toEqual(Array.from(ids, (id) => id + 1))
})

test('covering rows predict each token once', () => {
  const rows = coverRows(text, 8)
  expect(rows).toHaveLength(12) // 96 of 99 predictions
  expect(rows.flatMap((row) => row[0]?.ids ?? [])).toEqual(Array.from(text.subarray(0, 96)))
})

test('refuses a text shorter than a row', () => {
  expect(() => streamRow(text, 100, 1)).toThrow('the text has 100 tokens, but a row needs 101')
  expect(coverRows(text, 100)).toEqual([])
})

test('joins several texts with the end token', () => {
  const tokenizer = createTokenizer(trainBpe([], { vocabSize: 261 }))
  expect(Array.from(encodeStream(tokenizer, ['ab', 'b']))).toEqual([102, 103, 1, 103]) // bytes come after 5 special tokens
})

test('each epoch visits every example once in an order of its own', () => {
  expect(epochOrder(1, 0, 50).toSorted((a, b) => a - b)).toEqual([...Array(50).keys()])
  expect(epochOrder(1, 0, 50)).toEqual(epochOrder(1, 0, 50))
  expect(epochOrder(1, 1, 50)).not.toEqual(epochOrder(1, 0, 50))
  expect(epochOrder(2, 0, 50)).not.toEqual(epochOrder(1, 0, 50))
})
