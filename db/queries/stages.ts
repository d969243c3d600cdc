import { and, eq, isNotNull, notInArray, sql } from 'drizzle-orm'
import { endedStageStates, type StageRun, type StageState, TemperError } from '../contracts/index.ts'
import { stageRuns } from '../schema/index.ts'
import type { Db } from './database.ts'

/** What a stage may report; whatever is left out stays. */
export type StagePatch = Partial<
  Pick<StageRun, 'state' | 'status' | 'step' | 'totalSteps' | 'headline' | 'checkpointId' | 'result' | 'failure'>
>

/** The first `running` sets the start, a final state the end. Throws `not_found`. */
export async function updateStage(db: Db, runId: string, name: string, patch: StagePatch): Promise<void> {
  const updated = await db
    .update(stageRuns)
    .set({ ...patch, ...timesOf(patch.state) })
    .where(isStage(runId, name))
    .returning({ name: stageRuns.name })
  if (updated.length === 0) throw noStage(runId, name)
}

function timesOf(state: StageState | undefined) {
  if (state === undefined) return {}
  const finishedAt = endedStageStates.includes(state) ? new Date() : null
  return state === 'running' ? { startedAt: sql`coalesce(${stageRuns.startedAt}, now())`, finishedAt } : { finishedAt }
}

/** Throws `not_found`. */
export async function getStage(db: Db, runId: string, name: string): Promise<StageRun> {
  const [row] = await db.select().from(stageRuns).where(isStage(runId, name))
  if (row === undefined) throw noStage(runId, name)
  return toStageRun(row)
}

/** From now on votes are taken; `needed` of them end the wait. */
export async function openVoting(db: Db, runId: string, stage: string, needed: number): Promise<void> {
  await db.update(stageRuns).set({ votesNeeded: needed }).where(isStage(runId, stage))
}

/** Votes that come later are refused. Waits for votes being cast, so a count after it is final. */
export async function closeVoting(db: Db, runId: string, stage: string): Promise<void> {
  await db.update(stageRuns).set({ votesNeeded: null }).where(isStage(runId, stage))
}

/** Of a stage that takes votes: it has asked for some, and has not ended, however it did. */
export const takesVotes = and(isNotNull(stageRuns.votesNeeded), notInArray(stageRuns.state, [...endedStageStates]))

/** Whether votes are taken now: neither before the pairs are there, nor after the last vote was counted. */
export async function isVotingOpen(db: Db, runId: string, name: string): Promise<boolean> {
  return (await db.$count(stageRuns, and(isStage(runId, name), takesVotes))) > 0
}

export function isStage(runId: string, name: string) {
  return and(eq(stageRuns.runId, runId), eq(stageRuns.name, name))
}

function noStage(runId: string, stage: string) {
  return new TemperError('not_found', `run '${runId}' has no stage '${stage}'`, { details: { runId, stage } })
}

export function toStageRun(row: typeof stageRuns.$inferSelect): StageRun {
  return {
    name: row.name,
    type: row.type,
    inputs: row.inputs,
    state: row.state,
    status: row.status,
    step: row.step,
    totalSteps: row.totalSteps,
    headline: row.headline,
    checkpointId: row.checkpointId,
    result: row.result,
    failure: row.failure,
    startedAt: row.startedAt?.toISOString() ?? null,
    finishedAt: row.finishedAt?.toISOString() ?? null,
  }
}
