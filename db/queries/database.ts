import type { PgAsyncDatabase } from 'drizzle-orm/pg-core/async'
import { drizzle, type PostgresJsQueryResultHKT } from 'drizzle-orm/postgres-js'
import postgres, { type Sql } from 'postgres'

/** What queries take: the database, or a transaction on it. */
export type Db = PgAsyncDatabase<PostgresJsQueryResultHKT>

export interface Database {
  readonly db: Db
  /** The client underneath, for LISTEN. */
  readonly sql: Sql
  /** Waits up to five seconds for queries under way. */
  close(): Promise<void>
}

/** Connects lazily: the first query fails where no server answers. `max` connections at most. */
export function openDatabase(url: string, options: { max?: number; name?: string } = {}): Database {
  const sql = postgres(url, {
    max: options.max ?? 10,
    connection: { application_name: options.name ?? 'temper' },
    onnotice: () => undefined,
  })
  return { db: drizzle({ client: sql }), sql, close: () => sql.end({ timeout: 5 }) }
}
