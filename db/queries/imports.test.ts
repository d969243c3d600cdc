import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestDatabase, type TestDatabase } from '../../tests/support/postgres.ts'
import { newId, recipeSchema } from '../contracts/index.ts'
import { type ArtifactStore, openFolderStore } from '../storage/index.ts'
import { getCheckpoint } from './checkpoints.ts'
import { registerDataset } from './datasets.ts'
import {
  addImportFile,
  createImport,
  endImport,
  finishImport,
  getImport,
  getImportRevision,
  listImports,
  queueImport,
  removeImportFiles,
  showImportProgress,
} from './imports.ts'
import { createMember } from './members.ts'
import { createRun } from './runs.ts'
import { updateStage } from './stages.ts'
import { removeUnusedFiles } from './unused-files.ts'

let database: TestDatabase
let folder: string
let store: ArtifactStore
let createdBy: string
beforeAll(async () => {
  database = await startTestDatabase()
  folder = await mkdtemp(join(tmpdir(), 'temper-imports-'))
  store = await openFolderStore(folder)
  createdBy = (await createMember(database.db, { name: 'Ada', role: 'member' })).id
})
afterAll(async () => {
  await database.stop()
  await rm(folder, { recursive: true })
})

const builtin = { type: 'builtin', name: 'smollm2-135m-instruct' } as const
const files = {
  type: 'files',
  files: [
    { path: 'a.json', sizeBytes: 1 },
    { path: 'b.json', sizeBytes: 1 },
  ],
} as const
const create = (source: Parameters<typeof createImport>[1]['source'], name = 'mine') =>
  createImport(database.db, { name, source, createdBy })
const put = async (content: string) => store.put(Buffer.from(content))
const checkpoint = (sha256: string) => ({
  kind: 'policy' as const,
  runId: null,
  stage: null,
  stageType: 'import',
  step: 0,
  final: true,
  parents: [],
  data: [],
  architecture: 'llama',
  parameters: 7,
  metrics: {},
  importedFrom: { type: 'hub' as const, repository: 'own/model', revision: 'a'.repeat(40) },
  files: [{ path: 'config.json', sizeBytes: 2, sha256 }],
})

describe('an import', () => {
  it('ends with a named checkpoint, the same one for the same files under the same name', async () => {
    const { db } = database
    const ids: (string | undefined)[] = []
    for (const name of ['mine', 'mine', 'other']) {
      const created = await create(builtin, name)
      expect(created).toMatchObject({ name, state: 'queued', progress: null, checkpointId: null, finishedAt: null })
      expect(await showImportProgress(db, created.id, { phase: 'reading', done: 1, total: 9 })).toBe(true)
      const made = await finishImport(db, created, checkpoint('1'.repeat(64)))
      expect(await getImport(db, created.id)).toMatchObject({ state: 'done', checkpointId: made?.id })
      ids.push(made?.id)
    }
    expect(ids[1]).toBe(ids[0])
    expect(ids[2]).not.toBe(ids[0])
    expect(await getCheckpoint(db, ids[0] ?? '')).toMatchObject({
      releasedAs: 'mine',
      importedFrom: { type: 'hub', repository: 'own/model' },
    })
  })

  it('that is over stays as it is, and registers nothing', async () => {
    const { db } = database
    const cancelled = await create(builtin)
    const failure = { code: 'cancelled', message: 'Stopped', details: {} }
    expect(await endImport(db, cancelled.id, { state: 'cancelled', failure })).toBe(true)
    expect(await finishImport(db, cancelled, checkpoint('2'.repeat(64)))).toBeUndefined()
    expect(await showImportProgress(db, cancelled.id, { phase: 'reading', done: 1, total: 9 })).toBe(false)
    expect(await endImport(db, cancelled.id, { state: 'failed', failure })).toBe(false)
    expect(await getImport(db, cancelled.id)).toMatchObject({ state: 'cancelled', failure, checkpointId: null })
  })

  it('counts its changes, for those who follow it', async () => {
    const { id } = await create(builtin)
    const { revision } = await getImportRevision(database.db, id)
    await showImportProgress(database.db, id, { phase: 'fetching', done: 0, total: null })
    expect(await getImportRevision(database.db, id)).toMatchObject({
      revision: revision + 1,
      found: { state: 'running', progress: { phase: 'fetching', done: 0, total: null } },
    })
  })

  it('is listed newest first, by state too', async () => {
    const waiting = await create({ ...files, files: [...files.files] })
    const { items } = await listImports(database.db, { limit: 1 })
    expect(items.map(({ id }) => id)).toEqual([waiting.id])
    const uploading = await listImports(database.db, { limit: 50, states: ['uploading'] })
    expect(uploading.items.map(({ id }) => id)).toEqual([waiting.id])
    const old = await listImports(database.db, { limit: 50, createdBefore: new Date(Date.now() - 1_000_000) })
    expect(old.items).toEqual([])
  })
})

const runId = newId('run')
const recipe = recipeSchema.parse({
  name: 'tiny',
  model: { checkpoint: newId('checkpoint') },
  data: { talks: { generator: 'stories', kind: 'conversations', count: 3 } },
  stages: { sft: { type: 'sft', data: 'talks' } },
})

describe('files of an import', () => {
  it('are all there before it begins, and each only once', async () => {
    const { db } = database
    const { id } = await create({ ...files, files: [...files.files] })
    const [one, two] = [await put('1'), await put('2')]
    expect(await addImportFile(db, id, { path: 'a.json', ...one })).toBeUndefined()
    expect(await addImportFile(db, id, { path: 'a.json', ...two })).toBe(one.sha256)
    await expect(queueImport(db, id)).rejects.toMatchObject({
      code: 'conflict',
      message: 'b.json must be sent first',
    })
    await addImportFile(db, id, { path: 'b.json', ...one })
    expect(await queueImport(db, id)).toMatchObject({
      state: 'queued',
      uploaded: [{ path: 'a.json' }, { path: 'b.json' }],
    })
    expect(await queueImport(db, id)).toMatchObject({ state: 'queued' })
    await expect(addImportFile(db, id, { path: 'b.json', ...one })).rejects.toMatchObject({ code: 'conflict' })
  })

  it('go with it, unless something else names their bytes', async () => {
    const { db } = database
    const [mine, shared] = [await put('only mine'), await put('shared')]
    const { id } = await create({ ...files, files: [...files.files] })
    const other = await create(builtin, 'keeps')
    await finishImport(db, other, checkpoint(shared.sha256))
    await addImportFile(db, id, { path: 'a.json', ...mine })
    await addImportFile(db, id, { path: 'b.json', ...shared })
    await removeUnusedFiles(db, store, [mine.sha256])
    const [rows, pairs] = [await put('rows of a dataset'), await put('pairs of a stage')]
    await registerDataset(db, { name: 'talks', kind: 'text', rows: 1, source: 'upload', ...rows })
    await createRun(db, { recipe, recipeText: '', order: ['sft'], id: runId })
    await updateStage(db, runId, 'sft', { result: { pairsArtifact: pairs.sha256 } })
    await removeUnusedFiles(db, store, [rows.sha256, pairs.sha256])
    expect([await store.sizeOf(rows.sha256), await store.sizeOf(pairs.sha256)]).toEqual([17, 16])
    expect(await store.sizeOf(mine.sha256)).toBe(9)
    await removeImportFiles(db, store, id)
    expect(await store.sizeOf(mine.sha256)).toBeUndefined()
    expect(await store.sizeOf(shared.sha256)).toBe(6)
    expect((await getImport(db, id)).uploaded).toEqual([])
  })
})
