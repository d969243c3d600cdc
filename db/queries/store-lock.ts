import { type SQL, sql } from 'drizzle-orm'
import { TemperError } from '../contracts/index.ts'
import type { Db } from './database.ts'

/**
 * Two checkpoints may hold the same bytes. Whoever adds files and registers them shares the store; whoever looks for
 * files that nothing names any more, and removes them, has it alone. Else bytes could go between the two steps of an
 * addition. Not for use inside a transaction: the lock is held by one of its own, on a connection that no query of the
 * work waits for.
 */
export function sharingStore<T>(db: Db, work: () => Promise<T>): Promise<T> {
  return holding(db, sql`select pg_advisory_xact_lock_shared(hashtextextended('temper store', 0))`, work)
}

export function owningStore<T>(db: Db, work: () => Promise<T>): Promise<T> {
  return holding(db, sql`select pg_advisory_xact_lock(hashtextextended('temper store', 0))`, work)
}

async function holding<T>(db: Db, lock: SQL, work: () => Promise<T>): Promise<T> {
  if (db.locks === undefined) throw new TemperError('internal', 'the store cannot be locked inside a transaction')
  return db.locks.transaction(async (tx) => {
    await tx.execute(lock)
    return work()
  })
}
