import { TemperError } from '@temper/db/contracts'
import { randomInt } from '../random.ts'
import type { Tokenizer } from '../tokenizer/index.ts'
import type { Row } from './packing.ts'

/** All texts as one list of ids, the end token between two of them. */
export function encodeStream(tokenizer: Tokenizer, texts: readonly string[]): Int32Array {
  const parts = texts.map((text) => tokenizer.encode(text, { addSpecialTokens: false }))
  const ids = new Int32Array(parts.reduce((sum, part) => sum + part.length + 1, -1))
  let at = 0
  for (const [index, part] of parts.entries()) {
    if (index > 0) ids[at++] = tokenizer.eosId
    ids.set(part, at)
    at += part.length
  }
  return ids
}

/**
 * A row at a random place of a text, as in nanoGPT. `counters` name the draw (step and row, say): the place is a
 * function of them and the seed alone, so a resumed run draws the same rows.
 */
export function streamRow(ids: Int32Array, rowLength: number, seed: number, ...counters: number[]): Row {
  const places = ids.length - rowLength
  if (places < 1) {
    const message = `the text has ${ids.length} tokens, but a row needs ${rowLength + 1}`
    throw new TemperError('invalid_dataset', message, { details: { tokens: ids.length, rowLength } })
  }
  return windowRow(ids, randomInt(places, seed, ...counters), rowLength)
}

/** Rows that cover a text once, side by side; a rest shorter than a row is left out. */
export function coverRows(ids: Int32Array, rowLength: number): Row[] {
  const count = Math.max(0, Math.floor((ids.length - 1) / rowLength))
  return Array.from({ length: count }, (_, row) => windowRow(ids, row * rowLength, rowLength))
}

/** `rowLength` tokens from `start` as one segment; every one of them predicts its next. */
function windowRow(ids: Int32Array, start: number, rowLength: number): Row {
  const row = Array.from(ids.subarray(start, start + rowLength))
  return [{ ids: row, lossMask: row.map((_, i) => i > 0), next: ids[start + rowLength] }]
}
