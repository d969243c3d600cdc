import { access, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { newId } from '@temper/db/contracts'
import { openFolderStore } from '@temper/db/storage'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestDatabase, type TestDatabase } from '../../../../tests/support/postgres.ts'
import { createImportStateActivities } from './imports.ts'

let database: TestDatabase
let folder: string
let activities: ReturnType<typeof createImportStateActivities>
beforeAll(async () => {
  database = await startTestDatabase()
  folder = await mkdtemp(path.join(tmpdir(), 'temper-ended-'))
  const store = await openFolderStore(path.join(folder, 'store'))
  activities = createImportStateActivities({ db: database.db, store, importsDir: path.join(folder, 'imports') })
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
