import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestDatabase, type TestDatabase } from '../../tests/support/postgres.ts'
import { recipeSchema } from '../contracts/index.ts'
import { runEvents } from '../schema/index.ts'
import { appendEvent, listEvents } from './events.ts'
import { readMetrics, recordMetrics } from './metrics.ts'
import { migrate } from './migrate.ts'
import { listenForNotifications } from './notifications.ts'
import { createRun, forgetQueuedRun, getRun, listRuns, setRunState } from './runs.ts'
import { listSamples } from './samples.ts'
import { updateStage } from './stages.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await startTestDatabase()
})
afterAll(() => database.stop())

const recipe = recipeSchema.parse({
  name: 'tiny',
  model: { architecture: 'llama', tokenizer: { type: 'bpe', data: 'text' } },
  data: { text: { dataset: 'text' } },
  stages: { pretrain: { type: 'pretrain', data: 'text' }, sft: { type: 'sft', from: 'pretrain', data: 'text' } },
})
const newRun = () => createRun(database.db, { recipe, recipeText: 'name: tiny', order: ['pretrain', 'sft'], seed: 7 })

describe('migrate', () => {
  it('lets processes that start together take turns', async () => {
    await Promise.all([migrate(database.url), migrate(database.url), migrate(database.url)])
    await expect(newRun()).resolves.toMatchObject({ name: 'tiny' })
  })
})

describe('a run', () => {
  it('is created queued with its stages waiting in order', async () => {
    const run = await newRun()
    expect(run).toMatchObject({ state: 'queued', seed: 7, finishedAt: null, recipe: { name: 'tiny' } })
    expect(run.stages.map(({ name, state, inputs }) => [name, state, inputs])).toEqual([
      ['pretrain', 'waiting', []],
      ['sft', 'waiting', ['pretrain']],
    ])
  })

  it('takes reports of its stages and keeps what a report leaves out', async () => {
    const { id } = await newRun()
    await updateStage(database.db, id, 'pretrain', { state: 'running', status: 'Training', totalSteps: 10 })
    await updateStage(database.db, id, 'pretrain', { step: 4, headline: { metric: 'loss', value: 2.5 } })
    const [stage] = (await getRun(database.db, id)).stages
    expect(stage).toMatchObject({ state: 'running', step: 4, totalSteps: 10, headline: { metric: 'loss', value: 2.5 } })
    expect(stage?.startedAt).not.toBeNull()
    expect(stage?.finishedAt).toBeNull()
  })

  it('ends once, with a time', async () => {
    const { id } = await newRun()
    const failure = { code: 'engine_failed', message: 'The engine ended', details: {} }
    expect(await setRunState(database.db, id, { state: 'failed', status: 'Stopped', failure })).toBe(true)
    expect(await setRunState(database.db, id, { state: 'paused', status: 'Paused' })).toBe(false)
    expect(await getRun(database.db, id)).toMatchObject({ state: 'failed', failure, finishedAt: expect.any(String) })
  })

  it('changes only from the states that are asked for', async () => {
    const { id } = await newRun()
    await setRunState(database.db, id, { state: 'paused', status: 'Paused' })
    expect(await setRunState(database.db, id, { state: 'running', status: 'Running' }, ['queued'])).toBe(false)
    expect(await getRun(database.db, id)).toMatchObject({ state: 'paused', status: 'Paused' })
  })

  it('is listed newest first, page by page, none lost and none twice', async () => {
    const ids = [await newRun(), await newRun(), await newRun()].map((run) => run.id)
    const first = await listRuns(database.db, { limit: 2 })
    const second = await listRuns(database.db, { limit: 2, cursor: first.nextCursor ?? undefined })
    const listed = [...first.items, ...second.items].map((run) => run.id)
    expect(new Set(listed).size).toBe(4)
    for (const id of ids) expect(listed).toContain(id)
    await expect(listRuns(database.db, { limit: 2, cursor: 'nonsense' })).rejects.toMatchObject({
      code: 'invalid_input',
    })
  })

  it('is forgotten unless it has begun', async () => {
    const [queued, begun] = [await newRun(), await newRun()]
    await setRunState(database.db, begun.id, { state: 'running', status: 'Running' })
    expect(await forgetQueuedRun(database.db, queued.id)).toBe(true)
    expect(await forgetQueuedRun(database.db, queued.id)).toBe(true)
    expect(await forgetQueuedRun(database.db, begun.id)).toBe(false)
    await expect(getRun(database.db, queued.id)).rejects.toMatchObject({ code: 'not_found' })
    expect(await getRun(database.db, begun.id)).toMatchObject({ state: 'running', stages: [{}, {}] })
  })

  it('is refused by name where it does not exist', async () => {
    await expect(getRun(database.db, 'run_nothere')).rejects.toMatchObject({ code: 'not_found' })
    await expect(updateStage(database.db, 'run_nothere', 'sft', { step: 1 })).rejects.toMatchObject({
      code: 'not_found',
    })
  })
})

describe('run events', () => {
  it('are numbered without gaps by writers at once, and wake readers', async () => {
    const { id } = await newRun()
    const notifications = await listenForNotifications(database.sql)
    const woken = new Promise<void>((resolve) => notifications.subscribe(id, resolve))
    const write = (n: number) => appendEvent(database.db, { runId: id, kind: 'log', message: `event ${n}` })
    await Promise.all(Array.from({ length: 12 }, (_, n) => write(n)))
    await woken
    await notifications.close()
    const events = await listEvents(database.db, id)
    expect(events.map((event) => event.sequence)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
    expect((await listEvents(database.db, id, { after: 10 })).map((event) => event.sequence)).toEqual([11, 12])
  })

  it('are added once for one key, without a gap', async () => {
    const { id } = await newRun()
    const event = { runId: id, stage: 'sft', kind: 'stage' as const, message: 'Started', key: 'sft-started' }
    expect(await appendEvent(database.db, event)).toBe(1)
    expect(await appendEvent(database.db, event)).toBe(1)
    expect(await appendEvent(database.db, { ...event, key: 'sft-done' })).toBe(2)
    expect(await listEvents(database.db, id)).toHaveLength(2)
  })
})

describe('samples', () => {
  it('are the first answers, the newest ones and the newest rollouts, in the order of time', async () => {
    const { id } = await newRun()
    const rows = Array.from({ length: 1010 }, (_, i) => [
      { sequence: 2 * i + 1, data: { step: i, source: 'held-out', samples: [] } },
      { sequence: 2 * i + 2, data: { step: i, source: 'rollout', samples: [] } },
    ]).flat()
    const event = { runId: id, stage: 'ppo', kind: 'samples' as const, message: '' }
    await database.db.insert(runEvents).values(rows.map((row) => ({ ...event, ...row })))
    const samples = await listSamples(database.db, id, 'ppo')
    const stepsOf = (kind: string) => samples.filter(({ source }) => source === kind).map(({ step }) => step)
    expect([stepsOf('held-out').slice(0, 2), stepsOf('held-out').at(-1)]).toEqual([[0, 11], 1009])
    expect(stepsOf('held-out')).toHaveLength(1000)
    expect([stepsOf('rollout')[0], stepsOf('rollout').at(-1)]).toEqual([10, 1009])
    expect(samples.slice(-4).map(({ step }) => step)).toEqual([1008, 1008, 1009, 1009])
    expect(await listSamples(database.db, id, 'dpo')).toEqual([])
  })

  it('are each there once where there are few', async () => {
    const { id } = await newRun()
    for (const step of [0, 5]) {
      const data = { step, source: 'held-out', samples: [] }
      await appendEvent(database.db, { runId: id, stage: 'ppo', kind: 'samples', message: '', data })
    }
    expect((await listSamples(database.db, id)).map(({ step }) => step)).toEqual([0, 5])
  })
})

describe('metrics', () => {
  it('hold one point a step after a step is recorded again', async () => {
    const { id } = await newRun()
    await recordMetrics(database.db, id, 'sft', [
      { step: 1, values: { loss: 3 } },
      { step: 2, values: { loss: 2 } },
    ])
    await recordMetrics(database.db, id, 'sft', [{ step: 2, values: { loss: 2, grad_norm: 1 } }])
    expect(await readMetrics(database.db, id, { stage: 'sft', names: ['loss'] })).toEqual([
      { stage: 'sft', step: 1, name: 'loss', value: 3 },
      { stage: 'sft', step: 2, name: 'loss', value: 2 },
    ])
    expect(await readMetrics(database.db, id)).toHaveLength(3)
  })
})
