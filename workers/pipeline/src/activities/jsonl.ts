import { Readable } from 'node:stream'
import { jsonlLines, TemperError } from '@temper/db/contracts'
import type { ArtifactStore } from '@temper/db/storage'
import type { z } from 'zod'

/** A row has up to 16 MiB, and a string 512. */
const rowsAtOnce = 16

/** Rows of an artifact; throws `internal` with the line for one that is not of the schema, since Temper wrote it. */
export async function readArtifactRows<S extends z.ZodType>(
  store: Pick<ArtifactStore, 'open'>,
  sha256: string,
  schema: S,
): Promise<z.output<S>[]> {
  const rows: z.output<S>[] = []
  for await (const line of jsonlLines(await store.open(sha256))) {
    if (line !== '') rows.push(parseRow(line, rows.length, schema))
  }
  return rows
}

function parseRow<S extends z.ZodType>(line: string, index: number, schema: S): z.output<S> {
  const parsed = schema.safeParse(JSON.parse(line))
  if (parsed.success) return parsed.data
  throw new TemperError('internal', `line ${index + 1} of an artifact is not of its schema: ${parsed.error.message}`)
}

/** Stores rows as JSONL and returns the digest. */
export async function writeArtifactRows(store: ArtifactStore, rows: unknown[]): Promise<string> {
  return (await store.put(Readable.from(pieces(rows)))).sha256
}

function* pieces(rows: unknown[]): Generator<Buffer> {
  for (let start = 0; start < rows.length; start += rowsAtOnce) yield toJsonl(rows.slice(start, start + rowsAtOnce))
}

export function toJsonl(rows: unknown[]): Buffer {
  return Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
}
