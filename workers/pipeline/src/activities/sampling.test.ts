import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { newId, type StageRun } from '@temper/db/contracts'
import { createRun, getStage, registerCheckpoint, registerDataset, updateStage } from '@temper/db/queries'
import { parseRecipe } from '@temper/db/recipes'
import { type ArtifactStore, openFolderStore } from '@temper/db/storage'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestDatabase, type TestDatabase } from '../../../../tests/support/postgres.ts'
import { scriptedEngine } from '../engine-process/fixtures/options.ts'
import { EngineDevice } from '../engine-process/index.ts'
import { type ActivityRunner, startActivityRunner } from './fixtures/activity-runner.ts'
import { createSamplingActivities } from './sampling.ts'
import { asActivities } from './supervise.ts'

const entry = fileURLToPath(new URL('./fixtures/sampling-engine.ts', import.meta.url))

let runner: ActivityRunner
let database: TestDatabase
let folder: string
let store: ArtifactStore
let device: EngineDevice
beforeAll(async () => {
  runner = await startActivityRunner()
  database = await startTestDatabase()
  folder = await mkdtemp(join(tmpdir(), 'temper-sampling-'))
  store = await openFolderStore(join(folder, 'store'))
  device = new EngineDevice({ lock: { setEngine: async () => undefined }, engine: { ...scriptedEngine, entry } })
})
afterAll(async () => {
  await device.close()
  await database.stop()
  await runner.stop()
  await rm(folder, { recursive: true })
})

/** A run whose stages sample from a model that is there. */
async function newRun() {
  const { db } = database
  const origin = { runId: null, stage: null, stageType: 'import', parents: [], data: [] }
  const model = { kind: 'policy' as const, architecture: 'llama', parameters: 1, metrics: {}, files: [] }
  const { id } = await registerCheckpoint(db, { id: newId('checkpoint'), ...origin, ...model, step: 0, final: true })
  const file = { name: 'asks', rows: 120, source: 'upload', ...(await store.put(Buffer.from('{}\n'))) }
  const asks = (await registerDataset(db, { ...file, kind: 'prompts' })).id
  const recipeText = `name: tiny
model: { checkpoint: ${id} }
data:
  asks: { dataset: ${asks} }
stages:
  votes: { type: preferences, prompts: asks, pairs: 120 }
  policy: { type: dpo, preferences: votes }
  wins: { type: evaluate, candidates: [policy], baseline: model, prompts: asks, judge: { taste: stories } }
`
  const order = ['votes', 'policy', 'wins']
  const run = await createRun(db, { recipe: parseRecipe(recipeText), recipeText, order })
  await updateStage(db, run.id, 'policy', { state: 'done', checkpointId: id })
  return { runId: run.id, data: { asks } }
}

/** The stage when its completions are there. */
async function sampled(stage: 'votes' | 'wins'): Promise<StageRun> {
  const { runId, data } = await newRun()
  const serving = { host: '127.0.0.1', idleSeconds: 1, yieldSeconds: 1, precision: 'fp32' } as const
  const deps = { db: database.db, store, device, scratchDir: join(folder, 'scratch'), serving }
  const activities = asActivities(createSamplingActivities(deps))
  const activity = stage === 'votes' ? activities.samplePairs : activities.completePrompts
  await runner.run(
    () => activity({ runId, stage, data }),
    (workflow) => workflow.result(),
  )
  return getStage(database.db, runId, stage)
}

it('tells in words how many answers of pairs there are: the steps of that stage are its votes', async () => {
  expect(await sampled('votes')).toMatchObject({ status: 'Sampling pairs: 64 of 240 answers', step: 0, totalSteps: 0 })
})

it('tells how many answers of an evaluation there are as its steps', async () => {
  const status = 'Answering held-out prompts'
  expect(await sampled('wins')).toMatchObject({ status, step: 64, totalSteps: 240 })
})
