import { and, asc, eq, inArray, lt, sql } from 'drizzle-orm'
import {
  type Checkpoint,
  type CheckpointFile,
  type createImportSchema,
  endedImportStates,
  type Failure,
  type ImportProgress,
  type ImportState,
  type ModelImport,
  newId,
  TemperError,
} from '../contracts/index.ts'
import { importFiles, imports } from '../schema/index.ts'
import type { ArtifactStore } from '../storage/index.ts'
import { type NewCheckpoint, registerCheckpoint, releaseCheckpoint } from './checkpoints.ts'
import type { Db } from './database.ts'
import { digestId } from './digest-id.ts'
import { notify } from './notifications.ts'
import { afterCursor, newestFirst, type Page, type PageRequest, toPage } from './page.ts'
import { removeUnusedFiles } from './unused-files.ts'

type NewImport = (typeof createImportSchema)['_output'] & { createdBy: string }

/** Writes an import that waits for its files, or is ready to begin where nothing is sent. */
export async function createImport(db: Db, input: NewImport): Promise<ModelImport> {
  const id = newId('import')
  const state = input.source.type === 'files' ? 'uploading' : 'queued'
  await db.insert(imports).values({ ...input, id, state })
  return getImport(db, id)
}

/** Throws `not_found`. */
export async function getImport(db: Db, id: string): Promise<ModelImport> {
  return (await getImportRevision(db, id)).found
}

/** The import, and the number of its last change. Throws `not_found`. */
export async function getImportRevision(db: Db, id: string): Promise<{ found: ModelImport; revision: number }> {
  const [row] = await db.select().from(imports).where(eq(imports.id, id))
  if (row === undefined) throw new TemperError('not_found', `no import has the id '${id}'`, { details: { id } })
  const uploaded = await filesOf(db, [id])
  return { found: toImport(row, uploaded), revision: row.revision }
}

/** Newest first. */
export async function listImports(
  db: Db,
  page: PageRequest & { states?: ImportState[] | undefined; createdBefore?: Date },
): Promise<Page<ModelImport>> {
  const states = page.states === undefined ? undefined : inArray(imports.state, page.states)
  const age = page.createdBefore === undefined ? undefined : lt(imports.createdAt, page.createdBefore)
  const rows = await db
    .select()
    .from(imports)
    .where(and(states, age, afterCursor(imports, page.cursor)))
    .orderBy(...newestFirst(imports))
    .limit(page.limit + 1)
  const ids = rows.map((row) => row.id)
  const uploaded = await filesOf(db, ids)
  return toPage(rows, page.limit, (row) => toImport(row, uploaded))
}

/** Says how far a running import is. Returns false, changing nothing, once it is over. */
export async function showImportProgress(db: Db, id: string, progress: ImportProgress): Promise<boolean> {
  return change(db, id, ['queued', 'running'], { state: 'running', progress })
}

/**
 * Notes a file that is in the store in place of an earlier one of that name, whose digest is returned.
 * @throws TemperError conflict once the import takes no files
 */
export async function addImportFile(db: Db, importId: string, file: CheckpointFile): Promise<string | undefined> {
  return db.transaction(async (tx) => {
    if (!(await change(tx, importId, ['uploading'], {}))) throw notUploading(importId)
    const isFile = and(eq(importFiles.importId, importId), eq(importFiles.path, file.path))
    const [earlier] = await tx.delete(importFiles).where(isFile).returning({ sha256: importFiles.sha256 })
    await tx.insert(importFiles).values({ importId, ...file })
    return earlier?.sha256
  })
}

/**
 * Ends the upload; a repeat is no error.
 * @throws TemperError conflict where a file is missing, or the import is over
 */
export async function queueImport(db: Db, id: string): Promise<ModelImport> {
  const { state, source, uploaded } = await getImport(db, id)
  const files = source.type === 'files' ? source.files : []
  const missing = files.map(({ path }) => path).filter((path) => !uploaded.some((file) => file.path === path))
  if (state === 'uploading' && missing.length > 0) {
    throw new TemperError('conflict', `${missing.join(', ')} must be sent first`, { details: { missing } })
  }
  if (!(await change(db, id, ['uploading', 'queued'], { state: 'queued' }))) throw notUploading(id)
  return getImport(db, id)
}

/**
 * Registers and names the checkpoint whose files are already in the store, and ends the import; all or nothing. The
 * same files under the same name are the same checkpoint. Returns undefined, registering nothing, once it is over.
 */
export async function finishImport(
  db: Db,
  { id, name }: ModelImport,
  checkpoint: Omit<NewCheckpoint, 'id'>,
): Promise<Checkpoint | undefined> {
  const files = checkpoint.files.map(({ path, sha256 }) => `${path} ${sha256}`)
  const checkpointId = digestId('checkpoint', name, ...files)
  return db.transaction(async (tx) => {
    if (!(await change(tx, id, ['queued', 'running'], { state: 'done' }))) return undefined
    const registered = await registerCheckpoint(tx, { ...checkpoint, id: checkpointId })
    await releaseCheckpoint(tx, checkpointId, name)
    await change(tx, id, ['done'], { checkpointId })
    return registered
  })
}

/** Ends an import that is not over yet. Returns false, changing nothing, where it is. */
export async function endImport(
  db: Db,
  id: string,
  end: { state: 'failed' | 'cancelled'; failure: Failure | null },
): Promise<boolean> {
  return change(db, id, ['uploading', 'queued', 'running'], end)
}

/** Forgets the files that were sent for an import that is over, and removes their bytes. */
export async function removeImportFiles(db: Db, store: Pick<ArtifactStore, 'remove'>, id: string): Promise<void> {
  const removed = await db
    .delete(importFiles)
    .where(eq(importFiles.importId, id))
    .returning({ sha256: importFiles.sha256 })
  const sha256s = removed.map(({ sha256 }) => sha256)
  await removeUnusedFiles(db, store, sha256s)
}

type Row = typeof imports.$inferSelect
type FileRow = typeof importFiles.$inferSelect

/** Changes an import that is in one of the states, and wakes its readers. */
async function change(db: Db, id: string, from: ImportState[], patch: Partial<Row>): Promise<boolean> {
  const isEnd = patch.state !== undefined && endedImportStates.includes(patch.state)
  return db.transaction(async (tx) => {
    const changed = await tx
      .update(imports)
      .set({ ...patch, revision: sql`${imports.revision} + 1`, ...(isEnd && { finishedAt: new Date() }) })
      .where(and(eq(imports.id, id), inArray(imports.state, from)))
      .returning({ id: imports.id })
    if (changed.length > 0) await notify(tx, id)
    return changed.length > 0
  })
}

function notUploading(id: string): TemperError {
  return new TemperError('conflict', `import '${id}' takes no files any more`, { details: { id } })
}

async function filesOf(db: Db, ids: string[]): Promise<FileRow[]> {
  if (ids.length === 0) return []
  return db.select().from(importFiles).where(inArray(importFiles.importId, ids)).orderBy(asc(importFiles.path))
}

function toImport({ revision: _, ...row }: Row, files: FileRow[]): ModelImport {
  const uploaded = files.filter(({ importId }) => importId === row.id)
  return {
    ...row,
    uploaded: uploaded.map(({ path, sizeBytes, sha256 }) => ({ path, sizeBytes, sha256 })),
    createdAt: row.createdAt.toISOString(),
    finishedAt: row.finishedAt?.toISOString() ?? null,
  }
}
