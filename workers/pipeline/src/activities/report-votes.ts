import { appendEvent, type Db, updateStage, voteCounts } from '@temper/db/queries'
import type { StageRef } from './dependencies.ts'

/** Counts the votes of a stage and tells people: "38 of 120 votes, 71 % agreement so far". */
export async function reportVotes(db: Db, { runId, stage }: StageRef, needed: number): Promise<{ votes: number }> {
  const { votes, agreement, labelers } = await voteCounts(db, runId, stage)
  const agreed = agreement === null ? '' : `, ${Math.round(agreement * 100)} % agreement so far`
  const status = votes >= needed ? `${votes} votes are in` : `Waiting for votes: ${votes} of ${needed}${agreed}`
  await updateStage(db, runId, stage, { status, step: votes, totalSteps: needed })
  await appendEvent(db, {
    runId,
    stage,
    kind: 'votes',
    message: `${votes} of ${needed} votes`,
    data: { votes, needed, agreement, labelers },
    key: `${stage}:votes:${votes}`,
  })
  return { votes }
}
