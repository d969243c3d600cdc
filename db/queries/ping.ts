import { sql } from 'drizzle-orm'
import { TemperError } from '../contracts/index.ts'
import type { Db } from './database.ts'

/** Throws `unavailable` while the database does not answer. */
export async function ping(db: Db): Promise<void> {
  try {
    await db.execute(sql`select 1`)
  } catch (cause) {
    throw new TemperError('unavailable', 'the database does not answer', { cause })
  }
}
