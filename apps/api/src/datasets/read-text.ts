import { TemperError } from '@temper/db/contracts'
import type { Reading, RowsRead } from './read-rows.ts'
import { refuse } from './refuse.ts'

/** Whoever trains on a text holds it as one string, and those end at 512 Mi characters. */
const maxTextLength = 256 * 1024 * 1024

/** A plain text as one row, written while it is read. Throws as `readRows`, and `too_large`. */
export async function* readText(
  text: AsyncIterable<string>,
  { file, kind }: Reading,
): AsyncGenerator<string, RowsRead, undefined> {
  if (kind !== undefined && kind !== 'text') throw refuse(file, `holds text, expected ${kind}`)
  let isBlank = true
  let length = 0
  yield '{"text":"'
  for await (const piece of text) {
    isBlank &&= piece.trim() === ''
    const escaped = JSON.stringify(piece).slice(1, -1)
    length += escaped.length
    if (length > maxTextLength) throw tooLong(file)
    yield escaped
  }
  if (isBlank) throw refuse(file, 'is empty')
  yield '"}\n'
  return { kind: 'text', rows: 1 }
}

function tooLong(file: string): TemperError {
  const message = `${file}: is one text of more than ${maxTextLength} characters; as JSONL it may be longer, a document a line`
  return new TemperError('too_large', message, { details: { file, maxTextLength } })
}
