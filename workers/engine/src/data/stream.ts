import { TemperError } from '@temper/db/contracts'
import { randomInt } from '../random.ts'
import type { Sequence, Tokenizer } from '../tokenizer/index.ts'
import type { Row } from './packing.ts'

/** Texts as one list of ids. */
export interface Stream {
  ids: Int32Array
  /** Where each text begins, ascending. */
  starts: readonly number[]
}

/** All texts as one, the end token between two of them. */
export function encodeStream(tokenizer: Tokenizer, texts: readonly string[]): Stream {
  const streams = texts.map((text) => {
    return { ids: Int32Array.from(tokenizer.encode(text, { addSpecialTokens: false })), starts: [0] }
  })
  return joinStreams(streams, tokenizer.eosId)
}

/** Streams after each other, the end token between two of them. */
export function joinStreams(streams: readonly Stream[], eosId: number): Stream {
  const ids = new Int32Array(streams.reduce((sum, stream) => sum + stream.ids.length + 1, -1)).fill(eosId)
  const starts: number[] = []
  let at = 0
  for (const stream of streams) {
    ids.set(stream.ids, at)
    // Texts that were cut off keep their numbers.
    for (const start of stream.starts) starts.push(at + Math.min(start, stream.ids.length))
    at += stream.ids.length + 1
  }
  return { ids, starts }
}

/**
 * A row at a random place of a text, as in nanoGPT. `counters` name the draw (step and row, say): the place is a
 * function of them and the seed alone, so a resumed run draws the same rows.
 */
export function streamRow(stream: Stream, rowLength: number, seed: number, ...counters: number[]): Row {
  const { ids, starts } = stream
  const places = ids.length - rowLength
  if (places < 1) {
    const message = `the text has ${ids.length} tokens, but a row needs ${rowLength + 1}`
    throw new TemperError('invalid_dataset', message, { details: { tokens: ids.length, rowLength } })
  }
  const start = randomInt(places, seed, ...counters)
  return windowRow(ids, start, rowLength).map((sequence) => ({
    ...sequence,
    dataRows: textsWithin(starts, start, start + rowLength),
  }))
}

/** The texts, counted from 1, that tokens `first` to `last` belong to. */
function textsWithin(starts: readonly number[], first: number, last: number): number[] {
  let [text, after] = [0, starts.length]
  while (after - text > 1) {
    const middle = (text + after) >> 1
    if ((starts[middle] ?? 0) <= first) text = middle
    else after = middle
  }
  const texts = [text + 1]
  while ((starts[after] ?? Number.POSITIVE_INFINITY) <= last) texts.push(++after)
  return texts
}

/** Rows that cover a text once, side by side; a rest shorter than a row is left out. */
export function coverRows(ids: Int32Array, rowLength: number): Row[] {
  const count = Math.max(0, Math.floor((ids.length - 1) / rowLength))
  return Array.from({ length: count }, (_, row) => windowRow(ids, row * rowLength, rowLength))
}

/** `rowLength` tokens from `start` as one segment; every one of them predicts its next. */
function windowRow(ids: Int32Array, start: number, rowLength: number): Sequence[] {
  const row = Array.from(ids.subarray(start, start + rowLength))
  return [{ ids: row, lossMask: row.map((_, i) => i > 0), next: ids[start + rowLength] }]
}
