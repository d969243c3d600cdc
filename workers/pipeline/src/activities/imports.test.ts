import { access, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { newId } from '@temper/db/contracts'
import { createImport, createMember } from '@temper/db/queries'
import { openFolderStore } from '@temper/db/storage'
import { startTestHub } from '@temper/engine/test-hub'
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest'
import { startTestDatabase, type TestDatabase } from '../../../../tests/support/postgres.ts'
import { scriptedEngine } from '../engine-process/fixtures/options.ts'
import { startActivityRunner } from './fixtures/activity-runner.ts'
import { createImportStateActivities, createModelImportActivities, type ImportDependencies } from './imports.ts'
import { asActivities } from './supervise.ts'

let database: TestDatabase
let folder: string
let deps: Omit<ImportDependencies, 'engine' | 'hub'>
let activities: ReturnType<typeof createImportStateActivities>
beforeAll(async () => {
  database = await startTestDatabase()
  folder = await mkdtemp(path.join(tmpdir(), 'temper-ended-'))
  const store = await openFolderStore(path.join(folder, 'store'))
  deps = { db: database.db, store, importsDir: path.join(folder, 'imports') }
  activities = createImportStateActivities(deps)
})
afterAll(async () => {
  await database.stop()
  await rm(folder, { recursive: true })
})

it('removes the folder of an import that has ended', async () => {
  const importId = newId('import')
  const dir = path.join(folder, 'imports', importId)
  await mkdir(dir, { recursive: true })
  await activities.endImport({ importId, failure: null })
  await expect(access(dir)).rejects.toThrow()
})

it.each(['../other', '.', '', 'imp_../../other'])('removes nothing for %j, which is no id', async (importId) => {
  const other = path.join(folder, 'other')
  await mkdir(other, { recursive: true })
  await expect(activities.endImport({ importId, failure: null })).rejects.toThrow('imp_')
  await access(other)
})

it('outlives more outages than it may have attempts, where each brings some bytes', async () => {
  const hub = await startTestHub({ 'own/model': { files: { 'model.gguf': 'x'.repeat(1000) } } })
  onTestFinished(() => hub.stop())
  const runner = await startActivityRunner()
  onTestFinished(() => runner.stop())
  const { id: createdBy } = await createMember(database.db, { name: 'Ada', role: 'owner' })
  const source = { type: 'hub', repository: 'own/model' } as const
  const { id: importId } = await createImport(database.db, { name: 'brought', source, createdBy })
  // Once everything is there, the engine ends it.
  const engine = { ...scriptedEngine, entry: path.join(folder, 'no-engine.ts') }
  const limits = { unavailable: 2, engine_failed: 1 }
  const { importModel } = asActivities(createModelImportActivities({ ...deps, engine, hub }), limits)
  const attempt = vi.fn(() => {
    if (attempt.mock.calls.length <= 3) hub.endEarly.set('model.gguf', 100)
    return importModel({ importId })
  })
  await runner.run(attempt, async (workflow) => {
    await expect(workflow.result()).rejects.toMatchObject({ cause: { cause: { type: 'engine_failed' } } })
  })
  expect(hub.downloads.at(-1)).toBe('model.gguf bytes=300-')
})
