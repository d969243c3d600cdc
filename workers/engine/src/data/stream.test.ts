import { expect, test } from 'vitest'
import { createTokenizer, trainBpe } from '../tokenizer/index.ts'
import { epochOrder } from './epoch-order.ts'
import { toBatch } from './packing.ts'
import { coverRows, encodeStream, joinStreams, streamRow } from './stream.ts'

const ids = Int32Array.from({ length: 100 }, (_, i) => i)
const text = { ids, starts: [0, 20, 50] }

test('a random row depends on seed and counters alone, and reaches every place', () => {
  expect(streamRow(text, 8, 1, 5, 0)).toEqual(streamRow(text, 8, 1, 5, 0))
  const starts = new Set(Array.from({ length: 2000 }, (_, step) => streamRow(text, 8, 1, step)[0]?.ids[0]))
  expect(starts).toEqual(new Set(Array(92).keys())) // the last row ends at 98 and predicts 99
})

test('every token of a random row predicts its next', () => {
  const batch = toBatch([streamRow(text, 8, 3, 1), streamRow(text, 8, 3, 2)], { rowLength: 8 })
  expect(batch.tokens).toBe(16)
  expect(Array.from(batch.targets)).toEqual(Array.from(batch.ids, (id) => id + 1))
})

test('a random row knows the texts that its tokens come from', () => {
  for (let step = 0; step < 50; step++) {
    const [row] = streamRow(text, 8, 1, step)
    const [first = 0, last = 0] = [row?.ids[0], row?.next]
    // texts 1 to 3 begin at 0, 20 and 50; a row of 9 tokens reaches into two at most
    const expected = [first, last].map((at) => (at < 20 ? 1 : at < 50 ? 2 : 3))
    expect(row?.dataRows).toEqual([...new Set(expected)])
  }
})

test('covering rows predict each token once', () => {
  const rows = coverRows(ids, 8)
  expect(rows).toHaveLength(12) // 96 of 99 predictions
  expect(rows.flatMap((row) => row[0]?.ids ?? [])).toEqual(Array.from(ids.subarray(0, 96)))
})

test('refuses a text shorter than a row', () => {
  expect(() => streamRow(text, 100, 1)).toThrow('the text has 100 tokens, but a row needs 101')
  expect(coverRows(ids, 100)).toEqual([])
})

test('joins several texts with the end token', () => {
  const tokenizer = createTokenizer(trainBpe([], { vocabSize: 261 }))
  const { ids: joined, starts } = encodeStream(tokenizer, ['ab', 'b'])
  expect(Array.from(joined)).toEqual([102, 103, 1, 103]) // bytes come after 5 special tokens
  expect(starts).toEqual([0, 3])
})

test('joins streams with the end token, and texts that were cut off keep their numbers', () => {
  const cut = { ids: ids.subarray(0, 30), starts: [0, 20, 50] }
  const joined = joinStreams([cut, { ids: ids.subarray(50), starts: [0] }], 999)
  expect([...joined.ids.subarray(28, 33)]).toEqual([28, 29, 999, 50, 51])
  expect(joined.ids).toHaveLength(81)
  expect(joined.starts).toEqual([0, 20, 30, 31])
})

test('each epoch visits every example once in an order of its own', () => {
  expect(epochOrder(1, 0, 50).toSorted((a, b) => a - b)).toEqual([...Array(50).keys()])
  expect(epochOrder(1, 0, 50)).toEqual(epochOrder(1, 0, 50))
  expect(epochOrder(1, 1, 50)).not.toEqual(epochOrder(1, 0, 50))
  expect(epochOrder(2, 0, 50)).not.toEqual(epochOrder(1, 0, 50))
})
