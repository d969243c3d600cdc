import { and, asc, eq } from 'drizzle-orm'
import type { Message } from '../contracts/index.ts'
import { comparisons } from '../schema/index.ts'
import type { Db } from './database.ts'
import { digestId } from './digest-id.ts'

export type StoredComparison = typeof comparisons.$inferSelect

/** A pair of completions; its place in the list is its position. */
export interface NewComparison {
  prompt: Message[]
  completionA: string
  completionB: string
  /** False of a completion that the length limit cut. */
  endedA: boolean
  endedB: boolean
  heldOut: boolean
}

const rowsPerInsert = 1000

/** The comparison at a position of a stage has one id: a retried activity makes none twice. */
export function comparisonId(runId: string, stage: string, position: number): string {
  return digestId('comparison', runId, stage, position)
}

/** Writes all pairs of a stage, or those that an interrupted call left out. */
export async function createComparisons(
  db: Db,
  input: { runId: string; stage: string; checkpointId: string | null; pairs: NewComparison[] },
): Promise<void> {
  const { runId, stage, checkpointId, pairs } = input
  const rows = pairs.map((pair, position) => ({
    ...pair,
    id: comparisonId(runId, stage, position),
    runId,
    stage,
    position,
    checkpointId,
  }))
  await db.transaction(async (tx) => {
    for (let start = 0; start < rows.length; start += rowsPerInsert) {
      await tx
        .insert(comparisons)
        .values(rows.slice(start, start + rowsPerInsert))
        .onConflictDoNothing({ target: comparisons.id })
    }
  })
}

/** A stage's comparisons in their order. */
export async function listComparisons(db: Db, runId: string, stage: string): Promise<StoredComparison[]> {
  return db
    .select()
    .from(comparisons)
    .where(and(eq(comparisons.runId, runId), eq(comparisons.stage, stage)))
    .orderBy(asc(comparisons.position))
}
