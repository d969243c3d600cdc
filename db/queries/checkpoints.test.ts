import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestDatabase, type TestDatabase } from '../../tests/support/postgres.ts'
import { newId, recipeSchema } from '../contracts/index.ts'
import {
  checkpointId,
  latestCheckpoint,
  listCheckpoints,
  type NewCheckpoint,
  pruneCheckpoints,
  registerCheckpoint,
  releaseCheckpoint,
} from './checkpoints.ts'
import { getDataset, registerDataset } from './datasets.ts'
import { lineageOf } from './lineage.ts'
import { findReferenceLogps, keepReferenceLogps } from './reference-logps.ts'
import { createRun } from './runs.ts'
import { unusedFiles } from './unused-files.ts'
import { heartbeatWorker, listWorkers, removeWorker } from './workers.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await startTestDatabase()
})
afterAll(() => database.stop())

const recipe = recipeSchema.parse({
  name: 'tiny',
  model: { checkpoint: newId('checkpoint') },
  data: { talks: { generator: 'stories', kind: 'conversations', count: 3 } },
  stages: { sft: { type: 'sft', data: 'talks' }, dpo: { type: 'sft', from: 'sft', data: 'talks' } },
})
const newRunId = async () => (await createRun(database.db, { recipe, recipeText: '', order: ['sft', 'dpo'] })).id
const file = (path: string, digit: string) => ({ path, sizeBytes: 10, sha256: digit.repeat(64) })
const checkpoint = (runId: string, stage: string, step: number, more: Partial<NewCheckpoint> = {}): NewCheckpoint => ({
  kind: 'policy',
  runId,
  stage,
  stageType: 'sft',
  step,
  final: false,
  parents: [],
  data: [],
  architecture: 'llama',
  parameters: 3_000_000_000,
  metrics: { loss: 2 },
  files: [file('config.json', 'a')],
  ...more,
})

describe('log-probs of a reference', () => {
  it('are found by their key, the newest ones, and keep their bytes in the store', async () => {
    const [key, old, sha256] = ['1', '2', '3'].map((digit) => digit.repeat(64)) as [string, string, string]
    expect(await findReferenceLogps(database.db, key)).toBeUndefined()
    await keepReferenceLogps(database.db, key, old)
    await keepReferenceLogps(database.db, key, sha256)
    expect(await findReferenceLogps(database.db, key)).toBe(sha256)
    expect(await unusedFiles(database.db, [old, sha256])).toEqual([old])
  })
})

describe('checkpoints', () => {
  it('are registered once by a repeated call, which may make them final', async () => {
    const runId = await newRunId()
    const first = await registerCheckpoint(database.db, checkpoint(runId, 'sft', 10))
    const again = await registerCheckpoint(database.db, checkpoint(runId, 'sft', 10, { final: true }))
    expect(first).toMatchObject({ id: checkpointId(runId, 'sft', 10), final: false, sizeBytes: 10 })
    expect(again).toEqual({ ...first, final: true })
  })

  it('are listed when final, and the latest of a stage is found', async () => {
    const runId = await newRunId()
    await registerCheckpoint(database.db, checkpoint(runId, 'sft', 20, { final: true }))
    await registerCheckpoint(database.db, checkpoint(runId, 'sft', 10))
    expect((await latestCheckpoint(database.db, runId, 'sft'))?.step).toBe(20)
    expect(await latestCheckpoint(database.db, runId, 'dpo')).toBeUndefined()
    expect((await listCheckpoints(database.db, { limit: 10, runId })).items.map(({ step }) => step)).toEqual([20])
    expect((await listCheckpoints(database.db, { limit: 10, runId, finalOnly: false })).items).toHaveLength(2)
  })

  it('are pruned except the newest, the final and the released; files that others share stay', async () => {
    const runId = await newRunId()
    const [b, c, shared] = [file('model.safetensors', 'b'), file('model.safetensors', 'c'), file('config.json', 'd')]
    await registerCheckpoint(database.db, checkpoint(runId, 'sft', 1, { files: [b, shared] }))
    const released = await registerCheckpoint(database.db, checkpoint(runId, 'sft', 2, { files: [c] }))
    await releaseCheckpoint(database.db, released.id, 'tiny')
    await registerCheckpoint(database.db, checkpoint(runId, 'sft', 3, { files: [shared] }))
    await registerCheckpoint(database.db, checkpoint(runId, 'sft', 4, { files: [shared] }))
    expect(await pruneCheckpoints(database.db, runId, 'sft', 2)).toEqual(['b'.repeat(64)])
    const left = await listCheckpoints(database.db, { limit: 10, runId, finalOnly: false })
    expect(left.items.map(({ step }) => step).sort()).toEqual([2, 3, 4])
    expect(await pruneCheckpoints(database.db, runId, 'sft', 2)).toEqual([])
  })

  it('know their ancestors and descendants', async () => {
    const runId = await newRunId()
    const base = await registerCheckpoint(database.db, checkpoint(runId, 'base', 1))
    const sft = await registerCheckpoint(database.db, checkpoint(runId, 'sft', 1, { parents: [base.id] }))
    const dpo = await registerCheckpoint(database.db, checkpoint(runId, 'dpo', 1, { parents: [sft.id] }))
    const sibling = await registerCheckpoint(database.db, checkpoint(runId, 'other', 1, { parents: [base.id] }))
    const ids = async (id: string) => new Set((await lineageOf(database.db, id)).map((found) => found.id))
    expect(await ids(sft.id)).toEqual(new Set([base.id, sft.id, dpo.id]))
    expect(await ids(base.id)).toEqual(new Set([base.id, sft.id, dpo.id, sibling.id]))
  })
})

describe('datasets', () => {
  const rows = { name: 'talks', kind: 'conversations' as const, rows: 3, sizeBytes: 90, source: 'upload' }

  it('are the same for the same rows, and a new version for others, also when added at once', async () => {
    const { db } = database
    const [a, b] = await Promise.all(
      ['1', '2'].map((digit) => registerDataset(db, { ...rows, sha256: digit.repeat(64) })),
    )
    expect([a?.version, b?.version].sort()).toEqual([1, 2])
    const again = await registerDataset(db, { ...rows, sha256: '1'.repeat(64) })
    expect(again.id).toBe([a, b].find((dataset) => dataset?.sha256.startsWith('1'))?.id)
    expect((await getDataset(db, 'talks')).version).toBe(2)
    expect((await getDataset(db, again.id)).id).toBe(again.id)
    await expect(getDataset(db, 'nothing')).rejects.toMatchObject({ code: 'not_found' })
  })
})

describe('workers', () => {
  it('are known by their heartbeats', async () => {
    const worker = { id: 'w1', queue: 'train', device: 'cpu', host: 'here', pid: 1, state: 'idle' as const }
    await heartbeatWorker(database.db, worker)
    await heartbeatWorker(database.db, { ...worker, state: 'busy' })
    expect(await listWorkers(database.db)).toMatchObject([{ id: 'w1', state: 'busy' }])
    await removeWorker(database.db, 'w1')
    expect(await listWorkers(database.db)).toEqual([])
  })
})
