import { and, asc, desc, eq, type SQL, sql } from 'drizzle-orm'
import { type StageSamples, stageSamplesSchema } from '../contracts/index.ts'
import { runEvents } from '../schema/index.ts'
import type { Db } from './database.ts'

/** Of each kind, what a page can show; a long stage samples at every step. */
const most = 1000

const isRollout = sql`coalesce(${runEvents.data} ->> 'source', 'rollout') = 'rollout'`
const isHeldOut = sql`not ${isRollout}`

const ofEvent = stageSamplesSchema.omit({ stage: true })

/**
 * What the policies of a run wrote, in the order of time: of the answers to prompts that stay the same the first, which
 * all others are compared with, and the newest; and the newest of what stages learned from.
 */
export async function listSamples(db: Db, runId: string, stage?: string): Promise<StageSamples[]> {
  const isSample = and(
    eq(runEvents.runId, runId),
    eq(runEvents.kind, 'samples'),
    stage === undefined ? undefined : eq(runEvents.stage, stage),
  )
  const find = (source: SQL, order: typeof asc, limit: number) =>
    db
      .select({ sequence: runEvents.sequence, stage: runEvents.stage, data: runEvents.data })
      .from(runEvents)
      .where(and(isSample, source))
      .orderBy(order(runEvents.sequence))
      .limit(limit)
  const found = await Promise.all([
    find(isHeldOut, asc, 1),
    find(isHeldOut, desc, most - 1),
    find(isRollout, desc, most),
  ])
  // The first held-out one may be among the newest.
  const each = new Map(found.flat().map((row) => [row.sequence, row]))
  const inOrder = [...each.values()].toSorted((a, b) => a.sequence - b.sequence)
  return inOrder.map(({ stage, data }) => ({ stage: stage ?? '', ...ofEvent.parse(data) }))
}
