import { fileURLToPath } from 'node:url'
import { drizzle } from 'drizzle-orm/postgres-js'
import { migrate as applyMigrations } from 'drizzle-orm/postgres-js/migrator'
import postgres from 'postgres'
import { clientSettings } from './database.ts'

const migrationsFolder = fileURLToPath(new URL('../migrations', import.meta.url))

/** Any number, the same in every process that migrates. */
const lockId = 7_367_367

/** Brings the tables up to date. Processes that start together take turns; those that come late find nothing to do. */
export async function migrate(databaseUrl: string): Promise<void> {
  // One connection, since the lock belongs to it.
  const sql = postgres(databaseUrl, { ...clientSettings, max: 1 })
  try {
    await sql`select pg_advisory_lock(${lockId})`
    await applyMigrations(drizzle({ client: sql }), { migrationsFolder })
  } finally {
    // Closing the connection also releases the lock.
    await sql.end()
  }
}
