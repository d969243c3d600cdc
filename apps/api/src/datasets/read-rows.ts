import type { DatasetKind } from '@temper/db/contracts'
import { peek } from './peek.ts'
import { readJsonl } from './read-jsonl.ts'
import { readText } from './read-text.ts'
import { refuse } from './refuse.ts'

export interface Reading {
  /** Name of the file, for messages; its ending tells JSONL from text. */
  file: string
  /** What the file must hold. */
  kind?: DatasetKind | undefined
}

export interface RowsRead {
  kind: DatasetKind
  rows: number
}

/** What begins with so many blanks is text. */
const maxBlankStart = 65_536

/**
 * Reads plain text (one row), or JSONL with the keys of `rowFormats`, and yields the rows in canonical form (rows.ts of
 * the contracts), a line each. The first row decides the format, and every row must have it. What was yielded counts
 * only if the end is reached: all failures are looked for before the first one is told.
 *
 * @throws invalid_dataset with file, and line and rule of the first 20 rows that fail
 */
export async function* readRows(
  content: AsyncIterable<Uint8Array>,
  reading: Reading,
): AsyncGenerator<string, RowsRead, undefined> {
  let length = 0
  const { taken, all } = await peek(decode(content, reading.file), (piece) => {
    length += piece.length
    return piece.trim() !== '' || length > maxBlankStart
  })
  return yield* isJsonl(taken.join(''), reading.file) ? readJsonl(all, reading) : readText(all, reading)
}

async function* decode(content: AsyncIterable<Uint8Array>, file: string): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const decodeNext = (bytes?: Uint8Array) => {
    try {
      return decoder.decode(bytes, { stream: bytes !== undefined })
    } catch (cause) {
      throw refuse(file, 'is not UTF-8 text', { cause })
    }
  }
  for await (const bytes of content) yield decodeNext(bytes)
  yield decodeNext()
}

function isJsonl(start: string, file: string): boolean {
  const [, ending] = /\.(\w+)(?:\.gz)?$/.exec(file.toLowerCase()) ?? []
  if (ending === 'txt') return false
  return ending === 'jsonl' || ending === 'ndjson' || start.trimStart().startsWith('{')
}
