import { and, asc, desc, eq, sql } from 'drizzle-orm'
import { type StageSamples, stageSamplesSchema } from '../contracts/index.ts'
import { runEvents } from '../schema/index.ts'
import type { Db } from './database.ts'

/** Of each kind, what a page can show; a long stage samples at every step. */
const most = 1000

const ofEvent = stageSamplesSchema.omit({ stage: true })

/**
 * What the policies of a run wrote, in the order of time: the answers to prompts that stay the same from the first on, and
 * the newest of what stages learned from.
 */
export async function listSamples(db: Db, runId: string, stage?: string): Promise<StageSamples[]> {
  const isRollout = sql`coalesce(${runEvents.data} ->> 'source', 'rollout') = 'rollout'`
  const find = (source: typeof isRollout, order: typeof asc) =>
    db
      .select({ sequence: runEvents.sequence, stage: runEvents.stage, data: runEvents.data })
      .from(runEvents)
      .where(
        and(
          eq(runEvents.runId, runId),
          eq(runEvents.kind, 'samples'),
          stage === undefined ? undefined : eq(runEvents.stage, stage),
          source,
        ),
      )
      .orderBy(order(runEvents.sequence))
      .limit(most)
  const found = await Promise.all([find(sql`not ${isRollout}`, asc), find(isRollout, desc)])
  const inOrder = found.flat().toSorted((a, b) => a.sequence - b.sequence)
  return inOrder.map(({ stage, data }) => ({ stage: stage ?? '', ...ofEvent.parse(data) }))
}
