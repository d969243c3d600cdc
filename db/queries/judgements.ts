import { and, asc, eq, isNull } from 'drizzle-orm'
import type { Message } from '../contracts/index.ts'
import { comparisons, votes } from '../schema/index.ts'
import type { Db } from './database.ts'

export interface VoteCounts {
  comparisons: number
  /** Standing votes by anyone. */
  votes: number
  /** Comparisons with at least one standing vote. */
  judged: number
  ties: number
  bothBad: number
  labelers: number
  /** Share of pairs of votes on one comparison that say the same; null while no comparison has two. */
  agreement: number | null
}

/** What the votes on one comparison come to. */
export interface JudgedPair {
  comparisonId: string
  position: number
  prompt: Message[]
  completionA: string
  completionB: string
  heldOut: boolean
  /** The majority; a tie where ties are the most, or where a and b are even. */
  outcome: 'a' | 'b' | 'tie'
  /** A tie whose votes mostly call both answers bad. */
  bothBad: boolean
  /** Mean strength of the votes for the winner, rounded; 1 for a tie. */
  strength: number
  votes: number
}

type Vote = Pick<typeof votes.$inferSelect, 'choice' | 'strength' | 'labeler'>

/** Standing votes of a stage, by comparison, in the order of positions. */
async function votesByComparison(db: Db, runId: string, stage: string) {
  const rows = await db
    .select({ comparison: comparisons, vote: votes })
    .from(comparisons)
    .leftJoin(votes, and(eq(votes.comparisonId, comparisons.id), isNull(votes.undoneAt)))
    .where(and(eq(comparisons.runId, runId), eq(comparisons.stage, stage)))
    .orderBy(asc(comparisons.position), asc(votes.createdAt), asc(votes.id))
  const groups = new Map<string, { comparison: typeof comparisons.$inferSelect; votes: Vote[] }>()
  for (const { comparison, vote } of rows) {
    const group = groups.get(comparison.id) ?? { comparison, votes: [] }
    groups.set(comparison.id, group)
    if (vote !== null) group.votes.push(vote)
  }
  return [...groups.values()]
}

export async function voteCounts(db: Db, runId: string, stage: string): Promise<VoteCounts> {
  const groups = await votesByComparison(db, runId, stage)
  const all = groups.flatMap((group) => group.votes)
  return {
    comparisons: groups.length,
    votes: all.length,
    judged: groups.filter((group) => group.votes.length > 0).length,
    ties: countOf(all, 'tie'),
    bothBad: countOf(all, 'both_bad'),
    labelers: new Set(all.map((vote) => vote.labeler)).size,
    agreement: agreementOf(groups.map((group) => group.votes)),
  }
}

/** Comparisons with a standing vote, each with its majority. */
export async function judgedPairs(db: Db, runId: string, stage: string): Promise<JudgedPair[]> {
  const groups = await votesByComparison(db, runId, stage)
  return groups
    .filter((group) => group.votes.length > 0)
    .map(({ comparison, votes }) => ({
      comparisonId: comparison.id,
      position: comparison.position,
      prompt: comparison.prompt,
      completionA: comparison.completionA,
      completionB: comparison.completionB,
      heldOut: comparison.heldOut,
      ...majorityOf(votes),
      votes: votes.length,
    }))
}

/** Both bad counts as a tie, with a flag. */
export function majorityOf(
  votes: Pick<Vote, 'choice' | 'strength'>[],
): Pick<JudgedPair, 'outcome' | 'bothBad' | 'strength'> {
  const [a, b, bothBad] = [countOf(votes, 'a'), countOf(votes, 'b'), countOf(votes, 'both_bad')]
  const tied = countOf(votes, 'tie') + bothBad
  if (a === b || tied > Math.max(a, b)) return { outcome: 'tie', bothBad: tied > 0 && bothBad * 2 >= tied, strength: 1 }
  const outcome = a > b ? 'a' : 'b'
  const strengths = votes.filter((vote) => vote.choice === outcome).map((vote) => vote.strength)
  return { outcome, bothBad: false, strength: Math.round(strengths.reduce((sum, x) => sum + x, 0) / strengths.length) }
}

function agreementOf(groups: Pick<Vote, 'choice'>[][]): number | null {
  let [agreeing, pairs] = [0, 0]
  for (const votes of groups) {
    pairs += votes.length * (votes.length - 1)
    for (const choice of ['a', 'b', 'tie', 'both_bad'] as const) {
      const n = countOf(votes, choice)
      agreeing += n * (n - 1)
    }
  }
  return pairs === 0 ? null : agreeing / pairs
}

function countOf(votes: Pick<Vote, 'choice'>[], choice: Vote['choice']): number {
  return votes.filter((vote) => vote.choice === choice).length
}
