import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type PreferenceRow, preferenceRowSchema } from '@temper/db/contracts'
import { createRun, getRun, registerDataset } from '@temper/db/queries'
import { parseRecipe } from '@temper/db/recipes'
import { type ArtifactStore, openFolderStore } from '@temper/db/storage'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestDatabase, type TestDatabase } from '../../../../tests/support/postgres.ts'
import { readArtifactRows, toJsonl } from './jsonl.ts'
import { pairArtifacts } from './pair-artifacts.ts'
import { createPreferenceActivities } from './preferences.ts'

let database: TestDatabase
let folder: string
let store: ArtifactStore
beforeAll(async () => {
  database = await startTestDatabase()
  folder = await mkdtemp(join(tmpdir(), 'temper-preferences-'))
  store = await openFolderStore(folder)
})
afterAll(async () => {
  await database.stop()
  await rm(folder, { recursive: true, force: true })
})

const row = (prompt: string, more: Partial<PreferenceRow> = {}): PreferenceRow => ({
  prompt: [{ role: 'user', content: prompt }],
  chosen: 'yes',
  rejected: 'no',
  tie: false,
  bothBad: false,
  strength: 1,
  chosenEnded: true,
  rejectedEnded: true,
  ...more,
})
const registered = async (name: string, rows: PreferenceRow[]) => {
  const file = { name, rows: rows.length, source: 'upload', ...(await store.put(toJsonl(rows))) }
  return (await registerDataset(database.db, { ...file, kind: 'preferences' })).id
}

/** What a stage of imported pairs leaves for those that learn from it. */
async function exported(heldOut: number | string) {
  const trained = ['a', 'b', 'c', 'd'].map((prompt) => row(prompt))
  const tested = [row('e', { tie: true, bothBad: true }), row('a')]
  const data = { pairs: await registered('pairs', trained), tests: await registered('tests', tested) }
  const recipeText = `name: tiny
model: { checkpoint: ckpt_aaaaaaaaaaaaaaaaaaaa }
data:
  pairs: { dataset: ${data.pairs} }
  tests: { dataset: ${data.tests} }
stages:
  votes: { type: preferences, data: pairs, heldOut: ${heldOut} }
`
  const { id: runId } = await createRun(database.db, { recipe: parseRecipe(recipeText), recipeText, order: ['votes'] })
  await createPreferenceActivities({ db: database.db, store }).exportPairs({ runId, stage: 'votes', data })
  const [stage] = (await getRun(database.db, runId)).stages
  if (stage === undefined) throw new Error('the run has no stage')
  const { pairs, heldOut: kept } = pairArtifacts(stage)
  const promptsOf = async (digest: string) =>
    (await readArtifactRows(store, digest, preferenceRowSchema)).map(({ prompt }) => prompt[0]?.content)
  return { stage, pairs: await promptsOf(pairs), heldOut: await promptsOf(kept) }
}

describe('imported pairs', () => {
  it('are trained on whole where another dataset tests them', async () => {
    const { stage, pairs, heldOut } = await exported('tests')
    expect({ pairs, heldOut }).toEqual({ pairs: ['a', 'b', 'c', 'd'], heldOut: ['e', 'a'] })
    expect(stage.result).toMatchObject({ pairs: 4, heldOut: 2, ties: 1, bothBad: 1 })
    expect(stage.status).toBe('4 pairs to train on, 2 held out')
  })

  it('are parted where a share of them tests', async () => {
    const { pairs, heldOut } = await exported(0.25)
    expect(heldOut).toHaveLength(1)
    expect([...pairs, ...heldOut].toSorted()).toEqual(['a', 'b', 'c', 'd'])
  })
})
