import { createReadStream, createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { jsonlLines, TemperError } from '@temper/db/contracts'
import type { z } from 'zod'

/**
 * The rows of a JSONL file in canonical form (rows.ts of the contracts).
 *
 * @throws invalid_dataset with file and line at the first row that is not of the schema
 */
export async function readRows<S extends z.ZodType>(path: string, schema: S): Promise<z.output<S>[]> {
  const rows: z.output<S>[] = []
  let line = 0
  for await (const text of jsonlLines(createReadStream(path))) {
    line++
    if (text.trim() === '') continue
    const parsed = schema.safeParse(parseJson(text))
    if (!parsed.success) throw badRow(path, line, parsed.error)
    rows.push(parsed.data)
  }
  return rows
}

export async function writeRows(path: string, rows: Iterable<unknown>): Promise<void> {
  await pipeline(Readable.from(lines(rows)), createWriteStream(path))
}

function* lines(rows: Iterable<unknown>): Generator<string> {
  for (const row of rows) yield `${JSON.stringify(row)}\n`
}

/** The value, or undefined, which no JSON text means and every row schema refuses. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function badRow(file: string, line: number, error: z.ZodError): TemperError {
  const rule = error.issues.map(({ path, message }) => [path.join('.'), message].filter(Boolean).join(': ')).join('; ')
  return new TemperError('invalid_dataset', `${file}:${line}: ${rule}`, { cause: error, details: { file, line, rule } })
}
