import { createRun, getStage, latestCheckpoint, listCheckpoints, registerCheckpoint } from '@temper/db/queries'
import { parseRecipe } from '@temper/db/recipes'
import type { ArtifactStore } from '@temper/db/storage'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { startTestDatabase, type TestDatabase } from '../../../../tests/support/postgres.ts'
import { finishStage } from './finish-stage.ts'

const recipeText = `name: tiny
model: { checkpoint: ckpt_aaaaaaaaaaaaaaaaaaaa }
data:
  talks: { generator: stories, kind: conversations, count: 3 }
stages:
  sft: { type: sft, data: talks }
`

let database: TestDatabase
beforeAll(async () => {
  database = await startTestDatabase()
})
afterAll(() => database.stop())

/** A checkpoint of the stage with a file of its own. */
async function reach(runId: string, step: number) {
  const origin = { runId, stage: 'sft', stageType: 'sft' as const, parents: [], data: [] }
  const model = { kind: 'policy' as const, architecture: 'llama', parameters: 1, metrics: { loss: 2 } }
  const files = [{ path: 'config.json', sizeBytes: 1, sha256: String(step).repeat(64) }]
  await registerCheckpoint(database.db, { ...origin, ...model, step, final: false, files })
}

it('leaves no final checkpoint without the result of its stage, whenever it is cut off', async () => {
  const { db } = database
  const { id: runId } = await createRun(db, { recipe: parseRecipe(recipeText), recipeText, order: ['sft'] })
  await reach(runId, 1)
  await reach(runId, 2)
  const remove = vi.fn<ArtifactStore['remove']>().mockRejectedValueOnce(new Error('the disk is away'))
  const finish = () =>
    finishStage({ db, store: { remove } as Partial<ArtifactStore> as ArtifactStore }, { runId, stage: 'sft' }, end)
  const end = { step: 2, result: { accuracy: 0.75 } }
  await expect(finish()).rejects.toThrow('the disk is away')
  expect(await latestCheckpoint(db, runId, 'sft')).toMatchObject({ step: 2, final: false })
  await finish()
  expect((await listCheckpoints(db, { runId, finalOnly: false, limit: 9 })).items).toMatchObject([
    { step: 2, final: true, metrics: { loss: 2, accuracy: 0.75 } },
  ])
  expect(await getStage(db, runId, 'sft')).toMatchObject({ result: { accuracy: 0.75 }, status: 'Done after 2 steps' })
})
