import { parsePgArray } from 'drizzle-orm/pg-core'
import type { PgAsyncDatabase } from 'drizzle-orm/pg-core/async'
import { drizzle, type PostgresJsQueryResultHKT } from 'drizzle-orm/postgres-js'
import postgres, { type Sql } from 'postgres'

type Connections = PgAsyncDatabase<PostgresJsQueryResultHKT>

/** What queries take: the database, or a transaction on it. */
export type Db = Connections & {
  /**
   * Connections for locks that are held while other queries run, which therefore must not wait for one of them. A
   * transaction has none.
   */
  readonly locks?: Connections
}

/** Locks are rare: their connections are closed after this long without one. */
const lockIdleSeconds = 30

export interface Database {
  readonly db: Db
  /** The client underneath, for LISTEN. */
  readonly sql: Sql
  /** Waits up to five seconds for queries under way. */
  close(): Promise<void>
}

/** `text[]`, the one array type of the tables, by its number in every Postgres. Drizzle writes arrays itself. */
const textArray = { to: 1009, from: [1009], serialize: String, parse: (text: string) => parsePgArray(text) }

/**
 * Of every client. The types of arrays are not asked for at each connection: nobody awaits that query, so a server that
 * ended at it would end this process.
 */
export const clientSettings = { fetch_types: false, types: { textArray }, onnotice: () => undefined }

/** Connects lazily: the first query fails where no server answers. `max` connections at most, and as many for locks. */
export function openDatabase(url: string, { max = 10, name = 'temper' } = {}): Database {
  const settings = { ...clientSettings, max, connection: { application_name: name } }
  const sql = postgres(url, settings)
  const locks = postgres(url, { ...settings, idle_timeout: lockIdleSeconds })
  const db = Object.assign(drizzle({ client: sql }), { locks: drizzle({ client: locks }) })
  const close = async () => {
    await Promise.all([sql.end({ timeout: 5 }), locks.end({ timeout: 5 })])
  }
  return { db, sql, close }
}
