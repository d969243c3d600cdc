import { and, desc, eq, lt, or, type SQL } from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'
import { TemperError } from '../contracts/index.ts'

export interface PageRequest {
  /** Items at most. */
  limit: number
  /** `nextCursor` of the page before; the first page without one. */
  cursor?: string | undefined
}

export interface Page<T> {
  items: T[]
  /** Null on the last page. */
  nextCursor: string | null
}

interface Keyed {
  createdAt: Date
  id: string
}

/** Newest first; ids break ties, so that rows written in one millisecond are neither lost nor repeated. */
export function newestFirst(columns: { createdAt: PgColumn; id: PgColumn }): SQL[] {
  return [desc(columns.createdAt), desc(columns.id)]
}

/** Rows after the cursor in the order of `newestFirst`. Throws `invalid_input` for a cursor that no page gave out. */
export function afterCursor(columns: { createdAt: PgColumn; id: PgColumn }, cursor: string | undefined) {
  if (cursor === undefined) return undefined
  const { createdAt, id } = decodeCursor(cursor)
  return or(lt(columns.createdAt, createdAt), and(eq(columns.createdAt, createdAt), lt(columns.id, id)))
}

/** Makes a page from up to `limit + 1` rows: the extra one says that there is a next page. */
export function toPage<Row extends Keyed, T>(rows: Row[], limit: number, toItem: (row: Row) => T): Page<T> {
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  const nextCursor = rows.length > limit && last !== undefined ? encodeCursor(last) : null
  return { items: shown.map(toItem), nextCursor }
}

function encodeCursor({ createdAt, id }: Keyed): string {
  return Buffer.from(`${createdAt.toISOString()} ${id}`).toString('base64url')
}

function decodeCursor(cursor: string): Keyed {
  const [time = '', id = ''] = Buffer.from(cursor, 'base64url').toString().split(' ')
  const createdAt = new Date(time)
  if (Number.isNaN(createdAt.getTime()) || id === '') {
    throw new TemperError('invalid_input', `cursor '${cursor}' is not one that a list gave out`, {
      details: { key: 'cursor' },
    })
  }
  return { createdAt, id }
}
