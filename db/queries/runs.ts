import { and, asc, eq, inArray } from 'drizzle-orm'
import {
  endedRunStates,
  type Failure,
  newId,
  type Recipe,
  type Run,
  type RunState,
  type RunSummary,
  runStates,
  stageInputs,
  TemperError,
} from '../contracts/index.ts'
import { runs, stageRuns } from '../schema/index.ts'
import type { Db } from './database.ts'
import { afterCursor, newestFirst, type Page, type PageRequest, toPage } from './page.ts'
import { toStageRun } from './stages.ts'

/** A run as the database knows it; the API adds the link to the Temporal UI. */
export type RunRecord = Omit<Run, 'temporalUrl'>

/**
 * Writes a queued run and its waiting stages. `order` names the stages of the recipe, inputs first. A run that has the id
 * already stays as it is, and is the answer.
 */
export async function createRun(
  db: Db,
  input: { recipe: Recipe; recipeText: string; order: string[]; seed?: number | undefined; id?: string },
): Promise<RunRecord> {
  const { recipe, recipeText } = input
  const id = input.id ?? newId('run')
  await db.transaction(async (tx) => {
    const run = {
      id,
      name: recipe.name,
      state: 'queued',
      status: 'Waiting to start',
      seed: input.seed ?? recipe.seed,
      recipe,
      recipeText,
    } as const
    const [isNew] = await tx
      .insert(runs)
      .values(run)
      .onConflictDoNothing({ target: runs.id })
      .returning({ id: runs.id })
    if (!isNew) return
    await tx.insert(stageRuns).values(input.order.map((name, position) => newStage(id, recipe, name, position)))
  })
  return getRun(db, id)
}

function newStage(runId: string, recipe: Recipe, name: string, position: number) {
  const stage = recipe.stages[name]
  if (stage === undefined) throw new TemperError('internal', `the order names '${name}', which is no stage`)
  return {
    runId,
    name,
    position,
    type: stage.type,
    inputs: stageInputs(stage),
    state: 'waiting' as const,
    status: 'Waiting to start',
  }
}

/** Throws `not_found`. */
export async function getRun(db: Db, id: string): Promise<RunRecord> {
  const [row] = await db.select().from(runs).where(eq(runs.id, id))
  if (row === undefined) throw new TemperError('not_found', `no run has the id '${id}'`, { details: { id } })
  const stages = await stagesOf(db, [id])
  return { ...toSummary(row, stages), recipe: row.recipe, recipeText: row.recipeText }
}

/** Newest first. */
export async function listRuns(
  db: Db,
  page: PageRequest & { states?: RunState[] | undefined },
): Promise<Page<RunSummary>> {
  const states = page.states === undefined ? undefined : inArray(runs.state, page.states)
  const rows = await db
    .select()
    .from(runs)
    .where(and(states, afterCursor(runs, page.cursor)))
    .orderBy(...newestFirst(runs))
    .limit(page.limit + 1)
  const ids = rows.map((row) => row.id)
  const stages = await stagesOf(db, ids)
  return toPage(rows, page.limit, (row) => toSummary(row, stages))
}

/** Forgets a run unless it has begun. Returns whether it is gone. */
export async function forgetQueuedRun(db: Db, id: string): Promise<boolean> {
  await db.delete(runs).where(and(eq(runs.id, id), eq(runs.state, 'queued')))
  return (await db.$count(runs, eq(runs.id, id))) === 0
}

const liveStates = runStates.filter((state) => !endedRunStates.includes(state))

/**
 * Changes a run that is in one of the states `from`; a final one is never left. Returns false, changing nothing, where
 * it is in another. `failure` is cleared unless given. A final state sets the time of the end.
 */
export async function setRunState(
  db: Db,
  id: string,
  next: { state: RunState; status: string; failure?: Failure | null },
  from: readonly RunState[] = liveStates,
): Promise<boolean> {
  const changed = await db
    .update(runs)
    .set({
      state: next.state,
      status: next.status,
      failure: next.failure ?? null,
      finishedAt: endedRunStates.includes(next.state) ? new Date() : null,
    })
    .where(and(eq(runs.id, id), inArray(runs.state, from)))
    .returning({ id: runs.id })
  return changed.length > 0
}

type StageRow = typeof stageRuns.$inferSelect

async function stagesOf(db: Db, runIds: string[]): Promise<StageRow[]> {
  if (runIds.length === 0) return []
  return db.select().from(stageRuns).where(inArray(stageRuns.runId, runIds)).orderBy(asc(stageRuns.position))
}

function toSummary(row: typeof runs.$inferSelect, stages: StageRow[]): RunSummary {
  return {
    id: row.id,
    name: row.name,
    state: row.state,
    status: row.status,
    seed: row.seed,
    failure: row.failure,
    createdAt: row.createdAt.toISOString(),
    finishedAt: row.finishedAt?.toISOString() ?? null,
    stages: stages.filter((stage) => stage.runId === row.id).map(toStageRun),
  }
}
