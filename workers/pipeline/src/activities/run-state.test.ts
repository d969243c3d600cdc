import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRun, getRun, listEvents } from '@temper/db/queries'
import { parseRecipe } from '@temper/db/recipes'
import { openFolderStore } from '@temper/db/storage'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { startTestDatabase, type TestDatabase } from '../../../../tests/support/postgres.ts'
import { createRunStateActivities } from './run-state.ts'

const recipeText = `name: tiny
model: { checkpoint: ckpt_aaaaaaaaaaaaaaaaaaaa }
data:
  asks: { generator: stories, kind: prompts, count: 3 }
stages:
  votes: { type: preferences, prompts: asks }
`

let database: TestDatabase
let folder: string
let activities: ReturnType<typeof createRunStateActivities>
let runId: string
beforeAll(async () => {
  database = await startTestDatabase()
  folder = await mkdtemp(join(tmpdir(), 'temper-run-state-'))
  activities = createRunStateActivities({ db: database.db, store: await openFolderStore(folder) })
})
beforeEach(async () => {
  const recipe = parseRecipe(recipeText)
  runId = (await createRun(database.db, { recipe, recipeText, order: ['votes'] })).id
})
afterAll(async () => {
  await database.stop()
  await rm(folder, { recursive: true })
})

it('keeps a run paused that was paused while its data was prepared', async () => {
  await activities.markRunPaused({ runId, paused: true })
  await activities.beginRun({ runId })
  expect(await getRun(database.db, runId)).toMatchObject({ state: 'paused', status: 'Paused' })
  await activities.markRunPaused({ runId, paused: false })
  expect(await getRun(database.db, runId)).toMatchObject({ state: 'running', status: 'Running' })
})

it('leaves a run at its end where a pause comes too late', async () => {
  await activities.endRun({ runId })
  await activities.markRunPaused({ runId, paused: true })
  expect(await getRun(database.db, runId)).toMatchObject({ state: 'done', finishedAt: expect.any(String) })
  const messages = (await listEvents(database.db, runId)).map(({ message }) => message)
  expect(messages).toEqual(['All stages are done'])
})
