import { and, asc, eq, gt, sql } from 'drizzle-orm'
import { type RunEvent, type RunEventKind, TemperError } from '../contracts/index.ts'
import { runEvents, runs } from '../schema/index.ts'
import type { Db } from './database.ts'
import { notify } from './notifications.ts'

export interface NewRunEvent {
  runId: string
  stage?: string | null
  kind: RunEventKind
  message: string
  data?: Record<string, unknown>
  /** Makes the write repeatable: a second event of the run with this key is not added. */
  key?: string
}

/** Adds an event, wakes its readers, and returns its number, also for a repeated key. Throws `not_found`. */
export async function appendEvent(db: Db, event: NewRunEvent): Promise<number> {
  return db.transaction(async (tx) => {
    // 1. The row lock puts writers of one run in line: numbers have no gaps and are committed in order.
    const [run] = await tx
      .update(runs)
      .set({ eventCount: sql`${runs.eventCount} + 1` })
      .where(eq(runs.id, event.runId))
      .returning({ sequence: runs.eventCount })
    if (run === undefined) throw new TemperError('not_found', `no run has the id '${event.runId}'`)
    // 2. A repeat gives its number back.
    const earlier = event.key === undefined ? undefined : await sequenceOf(tx, event.runId, event.key)
    if (earlier !== undefined) {
      await tx
        .update(runs)
        .set({ eventCount: run.sequence - 1 })
        .where(eq(runs.id, event.runId))
      return earlier
    }
    const { runId, stage = null, kind, message, data = {}, key } = event
    await tx.insert(runEvents).values({ runId, sequence: run.sequence, stage, kind, message, data, key })
    await notify(tx, runId)
    return run.sequence
  })
}

async function sequenceOf(db: Db, runId: string, key: string): Promise<number | undefined> {
  const [row] = await db
    .select({ sequence: runEvents.sequence })
    .from(runEvents)
    .where(and(eq(runEvents.runId, runId), eq(runEvents.key, key)))
  return row?.sequence
}

/** Events with a number above `after`, in order. */
export async function listEvents(
  db: Db,
  runId: string,
  filter: { after?: number; limit?: number; kind?: RunEventKind | undefined } = {},
): Promise<RunEvent[]> {
  const rows = await db
    .select()
    .from(runEvents)
    .where(
      and(
        eq(runEvents.runId, runId),
        gt(runEvents.sequence, filter.after ?? 0),
        filter.kind === undefined ? undefined : eq(runEvents.kind, filter.kind),
      ),
    )
    .orderBy(asc(runEvents.sequence))
    .limit(filter.limit ?? 500)
  return rows.map(({ key: _, at, ...event }) => ({ ...event, at: at.toISOString() }))
}
