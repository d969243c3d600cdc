import type { z } from '@hono/zod-openapi'
import type { TemperError } from '@temper/db/contracts'
import { filledLines } from './filled-lines.ts'
import type { Reading, RowsRead } from './read-rows.ts'
import { refuse } from './refuse.ts'
import { type RowFormat, rowFormats } from './row-formats.ts'

const maxFailuresListed = 20

interface Failures {
  count: number
  /** The first ones. */
  listed: { line: number; rule: string }[]
}

/** The rows of a JSONL file; as `readRows`. */
export async function* readJsonl(
  text: AsyncIterable<string>,
  reading: Reading,
): AsyncGenerator<string, RowsRead, undefined> {
  const { file } = reading
  const failures: Failures = { count: 0, listed: [] }
  let format: RowFormat | undefined
  let rows = 0
  for await (const { content, line } of filledLines(text, file)) {
    rows++
    const value = parseObject(content)
    if (typeof value === 'string') {
      add(failures, line, value)
      continue
    }
    format ??= formatOf(value, reading, line)
    const parsed = format.schema.safeParse(value)
    if (!parsed.success) add(failures, line, ruleOf(parsed.error))
    else if (failures.count === 0) yield `${JSON.stringify(parsed.data)}\n`
  }
  if (rows === 0) throw refuse(file, 'is empty')
  if (format === undefined || failures.count > 0) throw refuseRows(file, failures, rows)
  return { kind: format.kind, rows }
}

function add(failures: Failures, line: number, rule: string): void {
  failures.count++
  if (failures.count <= maxFailuresListed) failures.listed.push({ line, rule })
}

/** The object that a line holds, or the rule it breaks. */
function parseObject(line: string): object | string {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch (error) {
    return `is not JSON: ${error instanceof Error ? error.message : String(error)}`
  }
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : 'is not a JSON object'
}

/** By the keys of the first row; of two formats with the same keys, the wanted kind, or the first that takes the row. */
function formatOf(row: object, { file, kind }: Reading, line: number): RowFormat {
  const fitting = rowFormats.filter(({ keys }) => keys.every((key) => key in row))
  const sameKeys = fitting.filter(({ keys }) => keys.length === fitting[0]?.keys.length)
  const format =
    sameKeys.find((each) => each.kind === kind) ??
    sameKeys.find(({ schema }) => schema.safeParse(row).success) ??
    sameKeys[0]
  if (format === undefined) throw unknownKeys(row, file, line)
  if (kind !== undefined && format.kind !== kind) throw refuse(file, `holds ${format.kind}, expected ${kind}`)
  return format
}

function unknownKeys(row: object, file: string, line: number): TemperError {
  const known = [...new Set(rowFormats.map(({ keys }) => keys.join(' + ')))].join(', ')
  const has = Object.keys(row).join(', ') || '(none)'
  return refuse(file, `line ${line} has the keys ${has}; known are ${known}`, { details: { line } })
}

function ruleOf(error: z.ZodError): string {
  return error.issues.map(({ path, message }) => [path.join('.'), message].filter(Boolean).join(': ')).join('; ')
}

function refuseRows(file: string, { count, listed }: Failures, rows: number): TemperError {
  const [first] = listed
  const more = count > 1 ? ` (and ${count - 1} more of ${rows} rows)` : ''
  const message = `line ${first?.line}: ${first?.rule}${more}; nothing was imported`
  return refuse(file, message, { details: { failed: count, rows, failures: listed } })
}
