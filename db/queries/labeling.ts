import { createHash } from 'node:crypto'
import { and, asc, count, eq, isNull, notExists, type SQL, sql } from 'drizzle-orm'
import type { JudgedChoice, LabelProgress, VoteChoice } from '../contracts/index.ts'
import { comparisons, stageRuns, votes } from '../schema/index.ts'
import type { StoredComparison } from './comparisons.ts'
import type { Db } from './database.ts'
import { takesVotes } from './stages.ts'

/** True where this labeler sees completion a on the right: about half of all, and always the same. */
export function sidesSwapped(comparisonId: string, labeler: string): boolean {
  const [byte = 0] = createHash('sha256').update(`${labeler} ${comparisonId}`).digest()
  return (byte & 1) === 1
}

/** A choice by sides as a choice between a and b. */
export function judgedChoice(choice: VoteChoice, swapped: boolean): JudgedChoice {
  if (choice === 'tie' || choice === 'both_bad') return choice
  return (choice === 'left') === swapped ? 'b' : 'a'
}

const stageOfComparison = and(eq(stageRuns.runId, comparisons.runId), eq(stageRuns.name, comparisons.stage))

function isOpen(runId: string | undefined): SQL | undefined {
  return and(takesVotes, runId === undefined ? undefined : eq(stageRuns.runId, runId))
}

/** Without a standing vote of the labeler. */
function unvotedBy(db: Db, labeler: string): SQL {
  const mine = db
    .select({ one: sql`1` })
    .from(votes)
    .where(and(eq(votes.comparisonId, comparisons.id), eq(votes.labeler, labeler), isNull(votes.undoneAt)))
  return notExists(mine)
}

/**
 * Open comparisons that the labeler has not voted on: those with the fewest votes first, else in an order of the
 * labeler's own, so that two people seldom meet at the same one.
 */
export async function nextComparisons(
  db: Db,
  labeler: string,
  filter: { limit: number; runId?: string | undefined },
): Promise<StoredComparison[]> {
  const standing = db.$count(votes, and(eq(votes.comparisonId, comparisons.id), isNull(votes.undoneAt)))
  const rows = await db
    .select({ comparison: comparisons })
    .from(comparisons)
    .innerJoin(stageRuns, stageOfComparison)
    .where(and(isOpen(filter.runId), unvotedBy(db, labeler)))
    .orderBy(asc(standing), sql`md5(${comparisons.id} || ${labeler}::text)`)
    .limit(filter.limit)
  return rows.map((row) => row.comparison)
}

/** Counts over the open stages, of one run if given. */
export async function labelProgress(db: Db, labeler: string, runId?: string): Promise<LabelProgress> {
  const [stages] = await db
    .select({ openStages: count(), needed: sql<number>`coalesce(sum(${stageRuns.votesNeeded}), 0)::int` })
    .from(stageRuns)
    .where(isOpen(runId))
  const [cast] = await db
    .select({ votes: count(), mine: sql<number>`count(*) filter (where ${votes.labeler} = ${labeler})::int` })
    .from(votes)
    .innerJoin(comparisons, eq(comparisons.id, votes.comparisonId))
    .innerJoin(stageRuns, stageOfComparison)
    .where(and(isOpen(runId), isNull(votes.undoneAt)))
  const [left] = await db
    .select({ remaining: count() })
    .from(comparisons)
    .innerJoin(stageRuns, stageOfComparison)
    .where(and(isOpen(runId), unvotedBy(db, labeler)))
  return {
    votes: cast?.votes ?? 0,
    needed: stages?.needed ?? 0,
    mine: cast?.mine ?? 0,
    remaining: left?.remaining ?? 0,
    openStages: stages?.openStages ?? 0,
  }
}
