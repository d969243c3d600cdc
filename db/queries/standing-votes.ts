import { and, asc, eq, isNull } from 'drizzle-orm'
import { comparisons, votes } from '../schema/index.ts'
import type { Db } from './database.ts'

/** Who has a standing vote on each comparison of a stage, by the id of the comparison. */
export async function standingVotes(db: Db, runId: string, stage: string): Promise<Map<string, string[]>> {
  const rows = await db
    .select({ comparisonId: votes.comparisonId, labeler: votes.labeler })
    .from(votes)
    .innerJoin(comparisons, eq(comparisons.id, votes.comparisonId))
    .where(and(eq(comparisons.runId, runId), eq(comparisons.stage, stage), isNull(votes.undoneAt)))
    .orderBy(asc(comparisons.position), asc(votes.labeler))
  const labelers = new Map<string, string[]>()
  for (const { comparisonId, labeler } of rows) {
    labelers.set(comparisonId, [...(labelers.get(comparisonId) ?? []), labeler])
  }
  return labelers
}
