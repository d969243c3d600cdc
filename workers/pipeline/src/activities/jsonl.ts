import { TemperError } from '@temper/db/contracts'
import type { ArtifactStore } from '@temper/db/storage'
import type { z } from 'zod'

/** Rows of an artifact; throws `internal` with the line for one that is not of the schema, since Temper wrote it. */
export async function readArtifactRows<S extends z.ZodType>(
  store: ArtifactStore,
  sha256: string,
  schema: S,
): Promise<z.output<S>[]> {
  const chunks: Buffer[] = []
  for await (const chunk of await store.open(sha256)) chunks.push(Buffer.from(chunk))
  const lines = Buffer.concat(chunks).toString('utf8').split('\n')
  return lines.filter((line) => line !== '').map((line, index) => parseRow(line, index, schema))
}

function parseRow<S extends z.ZodType>(line: string, index: number, schema: S): z.output<S> {
  const parsed = schema.safeParse(JSON.parse(line))
  if (parsed.success) return parsed.data
  throw new TemperError('internal', `line ${index + 1} of an artifact is not of its schema: ${parsed.error.message}`)
}

/** Stores rows as JSONL and returns the digest. */
export async function writeArtifactRows(store: ArtifactStore, rows: unknown[]): Promise<string> {
  return (await store.put(toJsonl(rows))).sha256
}

export function toJsonl(rows: unknown[]): Buffer {
  return Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
}
