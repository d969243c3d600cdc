import { and, asc, desc, eq, inArray, isNotNull, lt, or, sql } from 'drizzle-orm'
import { type Checkpoint, type CheckpointFile, TemperError } from '../contracts/index.ts'
import { checkpointFiles, checkpoints, runs } from '../schema/index.ts'
import type { Db } from './database.ts'
import { digestId } from './digest-id.ts'
import { afterCursor, newestFirst, type Page, type PageRequest, toPage } from './page.ts'
import { unusedFiles } from './unused-files.ts'

export type NewCheckpoint = Omit<
  Checkpoint,
  'id' | 'createdAt' | 'runName' | 'releasedAs' | 'sizeBytes' | 'importedFrom'
> & {
  /** `checkpointId(run, stage, step)` unless set. */
  id?: string
  importedFrom?: Checkpoint['importedFrom']
}

/** A stage's checkpoint at a step has one id, whoever registers it and how often. */
export function checkpointId(runId: string, stage: string, step: number): string {
  return digestId('checkpoint', runId, stage, step)
}

/**
 * Registers a checkpoint whose files are already in the store. A repeat changes nothing but `final`, which may become
 * true. Without a run, the id follows from the files.
 */
export async function registerCheckpoint(db: Db, input: NewCheckpoint): Promise<Checkpoint> {
  const { files, id = defaultId(input), ...fields } = input
  const sizeBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0)
  await db.transaction(async (tx) => {
    const inserted = await tx
      .insert(checkpoints)
      .values({ ...fields, id, sizeBytes })
      .onConflictDoNothing()
      .returning({ id: checkpoints.id })
    if (inserted.length > 0 && files.length > 0) {
      await tx.insert(checkpointFiles).values(files.map((file) => ({ ...file, checkpointId: id })))
    }
    if (inserted.length === 0 && fields.final) {
      await tx.update(checkpoints).set({ final: true, metrics: fields.metrics }).where(eq(checkpoints.id, id))
    }
  })
  return getCheckpoint(db, id)
}

function defaultId({ runId, stage, step, files }: NewCheckpoint): string {
  if (runId !== null && stage !== null) return checkpointId(runId, stage, step)
  return digestId('checkpoint', ...files.map((file) => `${file.path} ${file.sha256}`).sort())
}

/** Throws `not_found`. */
export async function getCheckpoint(db: Db, id: string): Promise<Checkpoint> {
  const [checkpoint] = await getCheckpoints(db, [id])
  if (checkpoint === undefined)
    throw new TemperError('not_found', `no checkpoint has the id '${id}'`, { details: { id } })
  return checkpoint
}

/** By id, or the newest that was released or added under the name. */
export async function findCheckpoint(db: Db, idOrName: string): Promise<Checkpoint | undefined> {
  const rows = await db
    .select()
    .from(checkpoints)
    .where(or(eq(checkpoints.id, idOrName), eq(checkpoints.releasedAs, idOrName)))
    .orderBy(...newestFirst(checkpoints))
    .limit(1)
  return (await withFiles(db, rows))[0]
}

/** Those of the ids that exist, oldest first. */
export async function getCheckpoints(db: Db, ids: string[]): Promise<Checkpoint[]> {
  if (ids.length === 0) return []
  const rows = await db
    .select()
    .from(checkpoints)
    .where(inArray(checkpoints.id, ids))
    .orderBy(asc(checkpoints.createdAt), asc(checkpoints.id))
  return withFiles(db, rows)
}

/** The stage's checkpoint with the highest step: where a resumed stage goes on. */
export async function latestCheckpoint(db: Db, runId: string, stage: string): Promise<Checkpoint | undefined> {
  const rows = await db
    .select()
    .from(checkpoints)
    .where(and(eq(checkpoints.runId, runId), eq(checkpoints.stage, stage)))
    .orderBy(desc(checkpoints.step))
    .limit(1)
  return (await withFiles(db, rows))[0]
}

export interface CheckpointFilter {
  runId?: string | undefined
  stage?: string | undefined
  kind?: Checkpoint['kind'] | undefined
  /** Only the last one of each stage; true unless set. */
  finalOnly?: boolean | undefined
  releasedOnly?: boolean | undefined
}

/** Newest first. */
export async function listCheckpoints(db: Db, page: PageRequest & CheckpointFilter): Promise<Page<Checkpoint>> {
  const rows = await db
    .select()
    .from(checkpoints)
    .where(
      and(
        page.runId === undefined ? undefined : eq(checkpoints.runId, page.runId),
        page.stage === undefined ? undefined : eq(checkpoints.stage, page.stage),
        page.kind === undefined ? undefined : eq(checkpoints.kind, page.kind),
        page.finalOnly === false ? undefined : eq(checkpoints.final, true),
        page.releasedOnly === true ? isNotNull(checkpoints.releasedAs) : undefined,
        afterCursor(checkpoints, page.cursor),
      ),
    )
    .orderBy(...newestFirst(checkpoints))
    .limit(page.limit + 1)
  const { items, nextCursor } = toPage(rows, page.limit, (row) => row)
  return { items: await withFiles(db, items), nextCursor }
}

/** Throws `not_found`. */
export async function releaseCheckpoint(db: Db, id: string, name: string): Promise<void> {
  const updated = await db
    .update(checkpoints)
    .set({ releasedAs: name })
    .where(eq(checkpoints.id, id))
    .returning({ id: checkpoints.id })
  if (updated.length === 0) throw new TemperError('not_found', `no checkpoint has the id '${id}'`, { details: { id } })
}

/**
 * Forgets the stage's checkpoints except the newest `keep`; never a final or released one. Returns digests of files
 * that nothing names any more, for the store to remove.
 */
export async function pruneCheckpoints(db: Db, runId: string, stage: string, keep: number): Promise<string[]> {
  const ofStage = and(eq(checkpoints.runId, runId), eq(checkpoints.stage, stage))
  return db.transaction(async (tx) => {
    const kept = await tx
      .select({ step: checkpoints.step })
      .from(checkpoints)
      .where(ofStage)
      .orderBy(desc(checkpoints.step))
      .limit(keep)
    const oldest = kept.at(-1)
    if (oldest === undefined || kept.length < keep) return []
    const pruned = await tx
      .select({ id: checkpoints.id })
      .from(checkpoints)
      .where(
        and(
          ofStage,
          lt(checkpoints.step, oldest.step),
          eq(checkpoints.final, false),
          sql`${checkpoints.releasedAs} is null`,
        ),
      )
    return deleteCheckpoints(
      tx,
      pruned.map((row) => row.id),
    )
  })
}

async function deleteCheckpoints(db: Db, ids: string[]): Promise<string[]> {
  if (ids.length === 0) return []
  const files = await db
    .select({ sha256: checkpointFiles.sha256 })
    .from(checkpointFiles)
    .where(inArray(checkpointFiles.checkpointId, ids))
  await db.delete(checkpoints).where(inArray(checkpoints.id, ids))
  return unusedFiles(
    db,
    files.map((file) => file.sha256),
  )
}

type Row = typeof checkpoints.$inferSelect

async function withFiles(db: Db, rows: Row[]): Promise<Checkpoint[]> {
  if (rows.length === 0) return []
  const ids = rows.map((row) => row.id)
  const files = await db
    .select()
    .from(checkpointFiles)
    .where(inArray(checkpointFiles.checkpointId, ids))
    .orderBy(asc(checkpointFiles.path))
  const filesOf = (id: string): CheckpointFile[] =>
    files.filter((file) => file.checkpointId === id).map(({ path, sizeBytes, sha256 }) => ({ path, sizeBytes, sha256 }))
  const nameOf = await runNames(db, rows)
  return rows.map((row) => ({
    ...row,
    runName: nameOf.get(row.runId ?? '') ?? null,
    createdAt: row.createdAt.toISOString(),
    files: filesOf(row.id),
  }))
}

/** By the id of the run. */
async function runNames(db: Db, rows: Row[]): Promise<Map<string, string>> {
  const ids = rows.flatMap(({ runId }) => runId ?? [])
  if (ids.length === 0) return new Map()
  const named = await db.select({ id: runs.id, name: runs.name }).from(runs).where(inArray(runs.id, ids))
  return new Map(named.map(({ id, name }) => [id, name]))
}
