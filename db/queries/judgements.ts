import { and, eq, isNull } from 'drizzle-orm'
import type { Message } from '../contracts/index.ts'
import { comparisons, votes } from '../schema/index.ts'
import { listComparisons, type StoredComparison } from './comparisons.ts'
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
  /** False of a completion that the length limit cut. */
  endedA: boolean
  endedB: boolean
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

/** Standing votes on each comparison of a stage, by its id: without the texts, for this is asked about once a second. */
async function votesByComparison(db: Db, runId: string, stage: string): Promise<Map<string, Vote[]>> {
  const rows = await db
    .select({
      id: comparisons.id,
      vote: { choice: votes.choice, strength: votes.strength, labeler: votes.labeler },
    })
    .from(comparisons)
    .leftJoin(votes, and(eq(votes.comparisonId, comparisons.id), isNull(votes.undoneAt)))
    .where(and(eq(comparisons.runId, runId), eq(comparisons.stage, stage)))
  const groups = new Map<string, Vote[]>()
  for (const { id, vote } of rows) {
    const group = groups.get(id) ?? []
    groups.set(id, group)
    if (vote !== null) group.push(vote)
  }
  return groups
}

export async function voteCounts(db: Db, runId: string, stage: string): Promise<VoteCounts> {
  const groups = [...(await votesByComparison(db, runId, stage)).values()]
  const all = groups.flat()
  return {
    comparisons: groups.length,
    votes: all.length,
    judged: groups.filter((group) => group.length > 0).length,
    ties: countOf(all, 'tie'),
    bothBad: countOf(all, 'both_bad'),
    labelers: new Set(all.map((vote) => vote.labeler)).size,
    agreement: agreementOf(groups),
  }
}

/** Comparisons with a standing vote, each with its majority. */
export async function judgedPairs(db: Db, runId: string, stage: string): Promise<JudgedPair[]> {
  const groups = await votesByComparison(db, runId, stage)
  const pairs = await listComparisons(db, runId, stage)
  return pairs.flatMap((pair) => {
    const votes = groups.get(pair.id) ?? []
    return votes.length === 0 ? [] : [judgedPair(pair, votes)]
  })
}

function judgedPair({ id: comparisonId, ...stored }: StoredComparison, votes: Vote[]): JudgedPair {
  const { position, prompt, completionA, completionB, endedA, endedB, heldOut } = stored
  const pair = { comparisonId, position, prompt, completionA, completionB, endedA, endedB, heldOut }
  return { ...pair, ...majorityOf(votes), votes: votes.length }
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
