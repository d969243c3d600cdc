import {
  metricPointSchema,
  newId,
  pageSchema,
  recipeReportSchema,
  runSchema,
  shippedRecipeSchema,
  stageSamplesSchema,
  TemperError,
} from '@temper/db/contracts'
import {
  appendEvent,
  castVote,
  closeVoting,
  comparisonId,
  createComparisons,
  listRuns,
  openVoting,
  recordMetrics,
  registerCheckpoint,
  registerDataset,
  releaseCheckpoint,
  setRunState,
  updateStage,
} from '@temper/db/queries'
import { Client, Connection } from '@temporalio/client'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { startTestTemporal, type TestTemporal } from '../../../../tests/support/temporal.ts'
import { startTestApi, type TestApi } from '../test-api.ts'

let temporal: TestTemporal
let api: TestApi
let connection: Connection
let key: string
beforeAll(async () => {
  temporal = await startTestTemporal()
  api = await startTestApi(temporal.address)
  connection = await Connection.connect({ address: temporal.address })
  key = (await api.join('owner')).secret
})
afterAll(async () => {
  await connection.close()
  await api.stop()
  await temporal.stop()
})

const recipe = `name: tiny
model:
  architecture: llama
  tokenizer: { type: bpe, data: text }
data:
  text: { generator: stories, kind: text, count: 10 }
  asks: { generator: stories, kind: prompts, count: 10 }
stages:
  pretrain: { type: pretrain, data: text }
  votes: { type: preferences, from: pretrain, prompts: asks }
`
const post = (path: string, body: unknown = {}, headers: Record<string, string> = {}) =>
  api.request(path, { method: 'POST', key, body, headers })
const create = async (headers?: Record<string, string>) =>
  runSchema.parse(await (await post('/v1/runs', { recipe, seed: 7 }, headers)).json())
const historyOf = async (workflowId: string) => {
  const handle = new Client({ connection }).workflow.getHandle(workflowId)
  const { events = [] } = await handle.fetchHistory()
  return (events ?? []).map((event) => event.workflowExecutionSignaledEventAttributes?.signalName ?? event.eventType)
}
/** A pair that is trained on, and one that is held out. */
const openPairs = async (runId: string) => {
  const texts = { prompt: [{ role: 'user' as const, content: 'q' }], completionA: 'a', completionB: 'b' }
  const pairs = [false, true].map((heldOut) => ({ ...texts, endedA: true, endedB: true, heldOut }))
  await createComparisons(api.db, { runId, stage: 'votes', checkpointId: null, pairs })
  await openVoting(api.db, runId, 'votes', 2)
}
const vote = (runId: string, position: number) => {
  const ids = { voteId: newId('vote'), comparisonId: comparisonId(runId, 'votes', position), labeler: newId('member') }
  return castVote(api.db, { ...ids, choice: 'a', strength: 1, seconds: 2, note: '' })
}
const errorOf = async (response: Response) => [response.status, (await response.json()) as object]

describe('a new run', () => {
  it('is queued, its stages wait, and its workflow starts under its id', async () => {
    const response = await post('/v1/runs', { recipe, seed: 7 })
    expect(response.status).toBe(201)
    const run = runSchema.parse(await response.json())
    expect(run).toMatchObject({ name: 'tiny', state: 'queued', seed: 7, recipeText: recipe })
    expect(run.temporalUrl).toBe(`http://temporal.test/namespaces/default/workflows/${run.id}`)
    const description = await new Client({ connection }).workflow.getHandle(run.id).describe()
    expect([description.type, description.taskQueue]).toEqual(['pipelineWorkflow', 'pipeline'])
    expect(runSchema.parse(await (await api.request(`/v1/runs/${run.id}`, { key })).json())).toEqual(run)
  })

  it('is made once for one Idempotency-Key, and refused for the key with another recipe', async () => {
    const headers = { 'Idempotency-Key': 'once' }
    const first = await create(headers)
    const again = await post('/v1/runs', { recipe, seed: 7 }, headers)
    expect(again.headers.get('Idempotency-Replayed')).toBe('true')
    expect(runSchema.parse(await again.json())).toEqual(first)
    const { items } = await listRuns(api.db, { limit: 100 })
    expect(items.filter((run) => run.id === first.id)).toHaveLength(1)
    expect(await errorOf(await post('/v1/runs', { recipe, seed: 8 }, headers))).toMatchObject([
      409,
      { code: 'conflict' },
    ])
  })

  it('is made once though the API ended before it had answered', async () => {
    const headers = { 'Idempotency-Key': 'lost' }
    const first = await create(headers)
    // As the first try leaves it: the run is there, the answer is not, and a minute is over.
    await api.db.execute(`
      update idempotency_keys set status = null, body = null, created_at = now() - interval '61 seconds'
      where key = 'lost'`)
    expect(await create(headers)).toEqual(first)
    const { items } = await listRuns(api.db, { limit: 200 })
    expect(items.filter(({ id }) => id === first.id)).toHaveLength(1)
  })

  it('is made anew for an Idempotency-Key of another day', async () => {
    const headers = { 'Idempotency-Key': 'daily' }
    const first = await create(headers)
    await api.db.execute(`update idempotency_keys set created_at = now() - interval '25 hours' where key = 'daily'`)
    await api.db.execute(`update runs set created_at = now() - interval '25 hours' where id = '${first.id}'`)
    expect((await create(headers)).id).not.toBe(first.id)
  })

  it('is refused with the place of what is wrong, and nothing is stored', async () => {
    const before = (await listRuns(api.db, { limit: 200 })).items.length
    const wrong = recipe.replace('type: pretrain', 'type: pretrain, stepz: 5')
    expect(await errorOf(await post('/v1/runs', { recipe: wrong }))).toMatchObject([
      422,
      { code: 'invalid_recipe', details: { line: 9, column: 31, key: 'stepz', nearest: 'steps' } },
    ])
    expect((await listRuns(api.db, { limit: 200 })).items).toHaveLength(before)
  })

  it('is not kept while Temporal does not answer', async () => {
    const alone = await startTestApi()
    const { secret } = await alone.join('owner')
    const response = await alone.request('/v1/runs', { method: 'POST', key: secret, body: { recipe } })
    expect(await errorOf(response)).toMatchObject([503, { code: 'unavailable' }])
    expect((await listRuns(alone.db, { limit: 5 })).items).toEqual([])
    await alone.stop()
  })

  it('is kept where it began though the answer of Temporal came too late', async () => {
    const alone = await startTestApi()
    const { secret } = await alone.join('owner')
    const begins = vi.spyOn(alone.workflows, 'startRun').mockImplementation(async (id) => {
      await setRunState(alone.db, id, { state: 'running', status: 'Running' })
      throw new TemperError('unavailable', 'Temporal does not answer: deadline exceeded')
    })
    const response = await alone.request('/v1/runs', { method: 'POST', key: secret, body: { recipe } })
    expect(begins).toHaveBeenCalledOnce()
    const { id } = runSchema.parse(await response.json())
    expect((await listRuns(alone.db, { limit: 5 })).items).toMatchObject([{ id, state: 'running' }])
    await alone.stop()
  })

  it('refers to datasets by the id that their name means now', async () => {
    const named = recipe.replace('{ generator: stories, kind: text, count: 10 }', '{ dataset: my-text }')
    const missing = await errorOf(await post('/v1/runs', { recipe: named }))
    expect(missing).toMatchObject([422, { code: 'invalid_recipe', details: { line: 6 } }])
    const rows = { name: 'my-text', rows: 1, sizeBytes: 2, sha256: 'a'.repeat(64), source: 'upload' }
    const dataset = await registerDataset(api.db, { ...rows, kind: 'text' })
    const run = runSchema.parse(await (await post('/v1/runs', { recipe: named })).json())
    expect(run.recipe.data.text).toEqual({ dataset: dataset.id })
    await registerDataset(api.db, { ...rows, kind: 'prompts' })
    expect(await errorOf(await post('/v1/runs', { recipe: named }))).toMatchObject([422, { details: { line: 6 } }])
  })

  it('takes the prompts of a dataset of preferences', async () => {
    const rows = { name: 'judged', rows: 1, sizeBytes: 2, sha256: 'b'.repeat(64), source: 'upload' }
    const dataset = await registerDataset(api.db, { ...rows, kind: 'preferences' })
    const judged = recipe.replace('{ generator: stories, kind: prompts, count: 10 }', '{ dataset: judged }')
    const run = runSchema.parse(await (await post('/v1/runs', { recipe: judged })).json())
    expect(run.recipe.data.asks).toEqual({ dataset: dataset.id })
  })
})

describe('a run from a checkpoint', () => {
  const named = (name: string) => `name: further
model:
  checkpoint: ${name}
data:
  talks: { generator: stories, kind: conversations, count: 10 }
stages:
  sft: { type: sft, data: talks }
`
  const release = async (name: string, kind: 'policy' | 'reward' = 'policy') => {
    const of = { id: newId('checkpoint'), runId: null, stage: 'sft', stageType: 'sft' } as const
    const model = { kind, architecture: 'llama', parameters: 1, metrics: {}, files: [] }
    const { id } = await registerCheckpoint(api.db, { ...of, ...model, step: 1, final: true, parents: [], data: [] })
    await releaseCheckpoint(api.db, id, name)
    return id
  }
  const modelOf = async (checkpoint: string) =>
    runSchema.parse(await (await post('/v1/runs', { recipe: named(checkpoint) })).json()).recipe.model

  it('refers to it by the id that its name means now: the newest', async () => {
    const first = await release('tiny-sft')
    expect(await modelOf('tiny-sft')).toEqual({ checkpoint: first })
    const second = await release('tiny-sft')
    expect(await modelOf('tiny-sft')).toEqual({ checkpoint: second })
    expect(await modelOf(first)).toEqual({ checkpoint: first })
  })

  it('is refused where it names one that there is not', async () => {
    for (const name of ['nobody', newId('checkpoint')]) {
      const message = expect.stringContaining(`there is no checkpoint '${name}'; temper models add adds one`)
      const refusal = { code: 'invalid_recipe', message, details: { line: 3, column: 15 } }
      expect(await errorOf(await post('/v1/runs', { recipe: named(name) }))).toMatchObject([422, refusal])
    }
  })

  it('is refused where it names a reward model', async () => {
    await release('tiny-reward', 'reward')
    const message = expect.stringContaining('a run starts from a policy; this is a reward model')
    const refusal = { code: 'invalid_recipe', message, details: { line: 3, column: 15 } }
    expect(await errorOf(await post('/v1/runs', { recipe: named('tiny-reward') }))).toMatchObject([422, refusal])
  })
})

describe('a live run', () => {
  it('passes pause, resume, skip-waiting and cancel on to its workflow', async () => {
    const { id } = await create()
    await updateStage(api.db, id, 'votes', { state: 'running' })
    await openPairs(id)
    await vote(id, 0)
    for (const action of ['pause', 'resume', 'stages/votes/skip-waiting', 'cancel']) {
      expect((await post(`/v1/runs/${id}/${action}`)).status).toBe(200)
    }
    const history = await historyOf(id)
    expect(history.filter((entry) => typeof entry === 'string')).toEqual(['pause', 'resume', 'skipWaiting'])
    const description = await new Client({ connection }).workflow.getHandle(id).describe()
    expect(description.raw.workflowExtendedInfo?.cancelRequested).toBe(true)
  })

  it('ends the wait for votes only while votes are taken', async () => {
    const { id } = await create()
    const skip = (stage: string) => post(`/v1/runs/${id}/stages/${stage}/skip-waiting`)
    await updateStage(api.db, id, 'votes', { state: 'running', status: 'Sampling pairs: 64 of 240 answers' })
    const message = expect.stringMatching(
      /^stage 'votes' takes no votes now.+running \(Sampling pairs: 64 of 240 answers\)$/,
    )
    expect(await errorOf(await skip('votes'))).toMatchObject([409, { code: 'conflict', message }])
    await openPairs(id)
    await vote(id, 0)
    expect((await skip('votes')).status).toBe(200)
    await closeVoting(api.db, id, 'votes')
    expect(await errorOf(await skip('votes'))).toMatchObject([409, { code: 'conflict' }])
    expect(await errorOf(await skip('pretrain'))).toMatchObject([409, { code: 'conflict' }])
    expect((await historyOf(id)).filter((entry) => entry === 'skipWaiting')).toHaveLength(1)
  })

  it('goes on with the votes that are in once there is one to train on', async () => {
    const { id } = await create()
    const skip = () => post(`/v1/runs/${id}/stages/votes/skip-waiting`)
    await updateStage(api.db, id, 'votes', { state: 'running' })
    await openPairs(id)
    await vote(id, 1)
    const message = expect.stringContaining("no pair of 'votes' that is trained on has a vote yet")
    expect(await errorOf(await skip())).toMatchObject([409, { code: 'conflict', message, details: { judged: 1 } }])
    await vote(id, 0)
    expect((await skip()).status).toBe(200)
  })

  it('takes no signal once it is over', async () => {
    const { id } = await create()
    await setRunState(api.db, id, { state: 'done', status: 'Done' })
    expect(await errorOf(await post(`/v1/runs/${id}/pause`))).toMatchObject([409, { code: 'conflict' }])
  })
})

describe('events', () => {
  it('stream from the first, go on after Last-Event-ID, and arrive as they happen', async () => {
    const { id } = await create()
    for (const message of ['one', 'two']) await appendEvent(api.db, { runId: id, kind: 'log', message })
    const all = await listen(`/v1/runs/${id}/events`)
    expect(await all.take(2)).toMatchObject([
      { id: '1', document: { sequence: 1, message: 'one' } },
      { id: '2', document: { sequence: 2, message: 'two' } },
    ])
    const later = await listen(`/v1/runs/${id}/events`, { 'Last-Event-ID': '2' })
    await appendEvent(api.db, { runId: id, kind: 'log', message: 'three' })
    expect(await later.take(1)).toMatchObject([{ id: '3', document: { message: 'three' } }])
    expect(await all.take(1)).toMatchObject([{ id: '3' }])
    await Promise.all([all.close(), later.close()])
  })

  it('are also a list with a cursor', async () => {
    const { id } = await create()
    for (const message of ['one', 'two', 'three']) await appendEvent(api.db, { runId: id, kind: 'log', message })
    const first = await (await api.request(`/v1/runs/${id}/history?limit=2`, { key })).json()
    expect(first).toMatchObject({ items: [{ message: 'one' }, { message: 'two' }], nextCursor: '2' })
    const rest = await (await api.request(`/v1/runs/${id}/history?limit=2&cursor=2`, { key })).json()
    expect(rest).toMatchObject({ items: [{ message: 'three' }], nextCursor: null })
  })
})

describe('curves and samples', () => {
  it('are read by stage and name, long curves thinned', async () => {
    const { id } = await create()
    const steps = Array.from({ length: 300 }, (_, step) => ({ step, values: { loss: step, grad_norm: 1 } }))
    await recordMetrics(api.db, id, 'pretrain', steps)
    const read = async (query: string) =>
      pageSchema(metricPointSchema).parse(await (await api.request(`/v1/runs/${id}/metrics?${query}`, { key })).json())
    expect((await read('stage=pretrain')).items).toHaveLength(600)
    expect((await read('stage=votes')).items).toEqual([])
    const thin = await read('name=loss&maxPoints=20')
    expect(thin.items).toHaveLength(20)
    expect(new Set(thin.items.map((point) => point.name))).toEqual(new Set(['loss']))
    expect(thin.items.at(-1)?.step).toBe(299)
  })

  it('come from the events that hold them', async () => {
    const { id } = await create()
    const samples = [{ prompt: 'Who?', completion: 'A fox.' }]
    const add = (data: Record<string, unknown>) =>
      appendEvent(api.db, { runId: id, stage: 'pretrain', kind: 'samples', message: 'Samples', data })
    await add({ step: 0, source: 'held-out', samples })
    // As events were before there was a source.
    await add({ step: 5, samples })
    const page = await (await api.request(`/v1/runs/${id}/samples?stage=pretrain`, { key })).json()
    expect(pageSchema(stageSamplesSchema).parse(page).items).toEqual([
      { stage: 'pretrain', step: 0, source: 'held-out', samples },
      { stage: 'pretrain', step: 5, source: 'rollout', samples },
    ])
  })
})

describe('recipes', () => {
  it('that ship are listed with their text, and are valid', async () => {
    const page = pageSchema(shippedRecipeSchema).parse(await (await api.request('/v1/recipes', { key })).json())
    expect(page.items.map((shipped) => shipped.name)).toEqual(['own-data', 'quickstart', 'smollm2-hh'])
    const quickstart = page.items.find((shipped) => shipped.name === 'quickstart')
    const report = recipeReportSchema.parse(
      await (await post('/v1/recipes/validate', { recipe: quickstart?.text })).json(),
    )
    expect(report).toMatchObject({ valid: true, errors: [] })
    expect(report.stages[0]).toEqual({ name: 'pretrain', type: 'pretrain', inputs: [] })
  })

  it('are checked without being run', async () => {
    const wrong = recipe.replace('type: pretrain', 'type: pretran').replace('asks }', 'akss }')
    const report = recipeReportSchema.parse(await (await post('/v1/recipes/validate', { recipe: wrong })).json())
    expect(report).toMatchObject({ valid: false, stages: [], errors: [{ line: 9, nearest: 'pretrain' }] })
  })
})

describe('lists', () => {
  it('go page by page', async () => {
    await create()
    const first = (await (await api.request('/v1/runs?limit=1', { key })).json()) as {
      items: object[]
      nextCursor: string
    }
    expect(first.items).toHaveLength(1)
    const second = (await (
      await api.request(`/v1/runs?limit=1&cursor=${first.nextCursor}`, { key })
    ).json()) as typeof first
    expect(second.items).not.toEqual(first.items)
    const wrong = await api.request('/v1/runs?limit=none', { key })
    expect(await errorOf(wrong)).toMatchObject([
      400,
      { code: 'invalid_input', details: { problems: [{ key: 'limit' }] } },
    ])
  })
})

/** Reads server-sent events one by one. */
async function listen(path: string, headers: Record<string, string> = {}) {
  const response = await api.request(path, { key, headers })
  expect(response.headers.get('Content-Type')).toContain('text/event-stream')
  const reader = (response.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()).getReader()
  let rest = ''
  const next = async (): Promise<{ id: string | undefined; document: unknown }> => {
    for (;;) {
      const end = rest.indexOf('\n\n')
      if (end >= 0) {
        const block = rest.slice(0, end)
        rest = rest.slice(end + 2)
        const data = block.match(/^data: (.*)$/m)?.[1]
        if (data !== undefined) return { id: block.match(/^id: (.*)$/m)?.[1], document: JSON.parse(data) }
        continue
      }
      const { value, done } = await reader.read()
      if (done) throw new Error('the stream has ended')
      rest += value
    }
  }
  return {
    async take(count: number) {
      const events = []
      for (let n = 0; n < count; n++) events.push(await next())
      return events
    },
    close: () => reader.cancel(),
  }
}
