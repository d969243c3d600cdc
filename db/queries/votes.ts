import { and, eq, isNull } from 'drizzle-orm'
import { type JudgedChoice, TemperError } from '../contracts/index.ts'
import { comparisons, stageRuns, votes } from '../schema/index.ts'
import type { Db } from './database.ts'
import { isStage, takesVotes } from './stages.ts'

export interface NewVote {
  /** Chosen by whoever votes: a vote that is sent twice counts once. */
  voteId: string
  comparisonId: string
  /** Id of a member, or `simulated:<name>`. */
  labeler: string
  /** In terms of completions a and b as stored. */
  choice: JudgedChoice
  strength: number
  seconds: number
  note: string
}

/** Where a vote counts. */
export interface VotePlace {
  runId: string
  stage: string
  comparisonId: string
}

/**
 * Casts a vote in one transaction. A repeat of the same vote returns as the first did and changes nothing, also after
 * it was undone. Throws `not_found` for the comparison; `conflict` where the stage takes no votes, the labeler has
 * another vote on the comparison, or the id belongs to another vote.
 */
export async function castVote(db: Db, vote: NewVote): Promise<VotePlace> {
  return db.transaction(async (tx) => {
    const place = await placeOf(tx, vote.comparisonId)
    const earlier = await findVote(tx, vote.voteId)
    if (earlier !== undefined) return repeated(earlier, vote, place)
    await requireOpen(tx, place)
    const { voteId: id, ...fields } = vote
    const inserted = await tx
      .insert(votes)
      .values({ ...fields, id })
      .onConflictDoNothing()
      .returning({ id: votes.id })
    if (inserted.length === 0) return conflicting(tx, vote, place)
    return place
  })
}

/** Takes a vote back; a repeat changes nothing. Throws `not_found` for another's vote, `conflict` once the stage is closed. */
export async function undoVote(db: Db, voteId: string, labeler: string): Promise<VotePlace> {
  return db.transaction(async (tx) => {
    const vote = await findVote(tx, voteId)
    if (vote === undefined || vote.labeler !== labeler) {
      throw new TemperError('not_found', `no vote of yours has the id '${voteId}'`, { details: { voteId } })
    }
    const place = await placeOf(tx, vote.comparisonId)
    if (vote.undoneAt !== null) return place
    await requireOpen(tx, place)
    await tx.update(votes).set({ undoneAt: new Date() }).where(eq(votes.id, voteId))
    return place
  })
}

type VoteRow = typeof votes.$inferSelect

async function findVote(db: Db, voteId: string): Promise<VoteRow | undefined> {
  const [row] = await db.select().from(votes).where(eq(votes.id, voteId))
  return row
}

async function placeOf(db: Db, comparisonId: string): Promise<VotePlace> {
  const [row] = await db
    .select({ runId: comparisons.runId, stage: comparisons.stage, comparisonId: comparisons.id })
    .from(comparisons)
    .where(eq(comparisons.id, comparisonId))
  if (row !== undefined) return row
  throw new TemperError('not_found', `no comparison has the id '${comparisonId}'`, { details: { comparisonId } })
}

/** The shared lock makes whoever closes the stage wait for this vote, and this vote see the closing. */
async function requireOpen(db: Db, { runId, stage, comparisonId }: VotePlace): Promise<void> {
  const [row] = await db
    .select({ name: stageRuns.name })
    .from(stageRuns)
    .where(and(isStage(runId, stage), takesVotes))
    .for('share')
  if (row !== undefined) return
  throw new TemperError('conflict', `stage '${stage}' collects no votes any more`, {
    details: { runId, stage, comparisonId },
  })
}

function repeated(earlier: VoteRow, vote: NewVote, place: VotePlace): VotePlace {
  if (earlier.labeler === vote.labeler && earlier.comparisonId === vote.comparisonId) return place
  throw new TemperError('conflict', `the id '${vote.voteId}' belongs to another vote`, {
    details: { voteId: vote.voteId },
  })
}

/** Nothing was inserted: the same request a moment earlier, or another vote on the comparison. */
async function conflicting(db: Db, vote: NewVote, place: VotePlace): Promise<VotePlace> {
  const earlier = await findVote(db, vote.voteId)
  if (earlier !== undefined) return repeated(earlier, vote, place)
  const [standing] = await db
    .select({ id: votes.id })
    .from(votes)
    .where(and(eq(votes.comparisonId, vote.comparisonId), eq(votes.labeler, vote.labeler), isNull(votes.undoneAt)))
  throw new TemperError('conflict', `you have already voted on '${vote.comparisonId}'; undo that vote first`, {
    details: { comparisonId: vote.comparisonId, voteId: standing?.id ?? null },
  })
}
