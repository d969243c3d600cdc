import { asc, eq, gt, sql } from 'drizzle-orm'
import type { Worker } from '../contracts/index.ts'
import { workers } from '../schema/index.ts'
import type { Db } from './database.ts'

/** A worker that was not heard of for this long is gone. */
const goneAfterSeconds = 60

/** Says that the worker lives and what it does. */
export async function heartbeatWorker(db: Db, worker: Omit<Worker, 'startedAt' | 'lastSeenAt'>): Promise<void> {
  const now = new Date()
  await db
    .insert(workers)
    .values({ ...worker, lastSeenAt: now })
    .onConflictDoUpdate({ target: workers.id, set: { state: worker.state, lastSeenAt: now } })
}

export async function removeWorker(db: Db, id: string): Promise<void> {
  await db.delete(workers).where(eq(workers.id, id))
}

export async function listWorkers(db: Db): Promise<Worker[]> {
  const rows = await db
    .select()
    .from(workers)
    .where(gt(workers.lastSeenAt, sql`now() - make_interval(secs => ${goneAfterSeconds})`))
    .orderBy(asc(workers.queue), asc(workers.startedAt))
  return rows.map((row) => ({
    ...row,
    startedAt: row.startedAt.toISOString(),
    lastSeenAt: row.lastSeenAt.toISOString(),
  }))
}
