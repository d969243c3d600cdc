import { and, asc, eq, inArray, sql } from 'drizzle-orm'
import type { MetricPoint } from '../contracts/index.ts'
import { metrics } from '../schema/index.ts'
import type { Db } from './database.ts'

export interface StepMetrics {
  step: number
  values: Record<string, number>
}

/** Rows in one INSERT: Postgres takes 65,534 parameters, five a row. */
const rowsPerInsert = 5000

/** Writes points; a step that is recorded again overwrites itself. */
export async function recordMetrics(db: Db, runId: string, stage: string, steps: StepMetrics[]): Promise<void> {
  const points = new Map<string, typeof metrics.$inferInsert>()
  for (const { step, values } of steps) {
    // One INSERT may name a key once only; the last value of a repeated step stands.
    for (const [name, value] of Object.entries(values))
      points.set(`${step} ${name}`, { runId, stage, step, name, value })
  }
  const rows = [...points.values()]
  for (let start = 0; start < rows.length; start += rowsPerInsert) {
    await db
      .insert(metrics)
      .values(rows.slice(start, start + rowsPerInsert))
      .onConflictDoUpdate({
        target: [metrics.runId, metrics.stage, metrics.name, metrics.step],
        set: { value: sql`excluded.value` },
      })
  }
}

/** Points in the order of stage, name, step. */
export async function readMetrics(
  db: Db,
  runId: string,
  filter: { stage?: string | undefined; names?: string[] | undefined } = {},
): Promise<MetricPoint[]> {
  return db
    .select({ stage: metrics.stage, step: metrics.step, name: metrics.name, value: metrics.value })
    .from(metrics)
    .where(
      and(
        eq(metrics.runId, runId),
        filter.stage === undefined ? undefined : eq(metrics.stage, filter.stage),
        filter.names === undefined ? undefined : inArray(metrics.name, filter.names),
      ),
    )
    .orderBy(asc(metrics.stage), asc(metrics.name), asc(metrics.step))
}
