import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { type DatasetKind, TemperError } from '@temper/db/contracts'
import type { z } from 'zod'
import { type DatasetRow, type RowFormat, rowFormats } from './row-formats.ts'

const maxFailuresListed = 20

export interface Dataset {
  kind: DatasetKind
  /** In canonical form: rows.ts of the contracts. */
  rows: DatasetRow[]
  /** The rows as a file, one a line. */
  jsonl: string
}

/** `parseDataset` of a file. `fileName` is its name for people, where the path is a temporary one. */
export async function readDataset(
  path: string,
  options: { kind?: DatasetKind; fileName?: string } = {},
): Promise<Dataset> {
  const { kind, fileName = basename(path) } = options
  return parseDataset(await readFile(path), { kind, file: fileName })
}

/**
 * Reads plain text (one row), or JSONL with the keys of `rowFormats`; both may be gzipped. The first row decides the
 * format, and every row must have it: where one fails, nothing is imported.
 *
 * @param options.file name, for messages; its ending tells JSONL from text
 * @param options.kind what the file must hold
 * @throws invalid_dataset with file, and line and rule of the first 20 rows that fail
 */
export function parseDataset(bytes: Uint8Array, options: { file: string; kind?: DatasetKind }): Dataset {
  const { file, kind } = options
  const text = decodeText(bytes, file)
  if (text.trim() === '') throw refuse(file, 'is empty')
  const dataset = isJsonl(text, file) ? parseJsonl(text, file, kind) : { kind: 'text' as const, rows: [{ text }] }
  if (kind !== undefined && dataset.kind !== kind) throw refuse(file, `holds ${dataset.kind}, expected ${kind}`)
  return { ...dataset, jsonl: dataset.rows.map((row) => `${JSON.stringify(row)}\n`).join('') }
}

function decodeText(bytes: Uint8Array, file: string): string {
  const gzipped = bytes[0] === 0x1f && bytes[1] === 0x8b
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(gzipped ? gunzipSync(bytes) : bytes)
  } catch (cause) {
    throw refuse(file, gzipped ? 'is not gzipped UTF-8 text' : 'is not UTF-8 text', { cause })
  }
}

function isJsonl(text: string, file: string): boolean {
  const [, ending] = /\.(\w+)(?:\.gz)?$/.exec(file.toLowerCase()) ?? []
  if (ending === 'txt') return false
  return ending === 'jsonl' || ending === 'ndjson' || text.trimStart().startsWith('{')
}

interface Failure {
  line: number
  rule: string
}

function parseJsonl(text: string, file: string, kind: DatasetKind | undefined): Omit<Dataset, 'jsonl'> {
  const lines = text.split(/\r?\n/).map((content, i) => ({ content, line: i + 1 }))
  const filled = lines.filter(({ content }) => content.trim() !== '')
  let format: RowFormat | undefined
  const rows: DatasetRow[] = []
  const failures: Failure[] = []
  for (const { content, line } of filled) {
    const value = parseObject(content)
    if (typeof value === 'string') failures.push({ line, rule: value })
    else {
      format ??= formatOf(value, kind, file, line)
      const parsed = format.schema.safeParse(value)
      if (parsed.success) rows.push(parsed.data)
      else failures.push({ line, rule: ruleOf(parsed.error) })
    }
  }
  if (format === undefined || failures.length > 0) throw refuseRows(file, failures, filled.length)
  return { kind: format.kind, rows }
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
function formatOf(row: object, kind: DatasetKind | undefined, file: string, line: number): RowFormat {
  const fitting = rowFormats.filter(({ keys }) => keys.every((key) => key in row))
  const sameKeys = fitting.filter(({ keys }) => keys.length === fitting[0]?.keys.length)
  const format =
    sameKeys.find((each) => each.kind === kind) ??
    sameKeys.find(({ schema }) => schema.safeParse(row).success) ??
    sameKeys[0]
  if (format !== undefined) return format
  const known = [...new Set(rowFormats.map(({ keys }) => keys.join(' + ')))].join(', ')
  throw refuse(file, `line ${line} has the keys ${Object.keys(row).join(', ') || '(none)'}; known are ${known}`, {
    details: { line },
  })
}

function ruleOf(error: z.ZodError): string {
  return error.issues.map(({ path, message }) => [path.join('.'), message].filter(Boolean).join(': ')).join('; ')
}

function refuseRows(file: string, failures: readonly Failure[], rows: number): TemperError {
  const [first] = failures
  const more = failures.length > 1 ? ` (and ${failures.length - 1} more of ${rows} rows)` : ''
  const message = `line ${first?.line}: ${first?.rule}${more}; nothing was imported`
  const details = { failed: failures.length, rows, failures: failures.slice(0, maxFailuresListed) }
  return refuse(file, message, { details })
}

function refuse(file: string, message: string, options: { cause?: unknown; details?: object } = {}): TemperError {
  const { cause, details } = options
  return new TemperError('invalid_dataset', `${file}: ${message}`, { cause, details: { file, ...details } })
}
