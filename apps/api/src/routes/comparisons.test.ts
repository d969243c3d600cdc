import {
  labelProgressSchema,
  newId,
  nextComparisonsSchema,
  recipeSchema,
  voteReceiptSchema,
} from '@temper/db/contracts'
import { closeVoting, createComparisons, createRun, judgedPairs, openVoting } from '@temper/db/queries'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { startTestApi, type TestApi } from '../test-api.ts'

let api: TestApi
const keys: string[] = []
beforeAll(async () => {
  // Without Temporal: a vote counts all the same.
  api = await startTestApi()
  keys.push((await api.join('labeler')).secret, (await api.join('labeler')).secret)
})
afterAll(() => api.stop())

const recipe = recipeSchema.parse({
  name: 'tiny',
  model: { checkpoint: newId('checkpoint') },
  data: { asks: { generator: 'stories', kind: 'prompts', count: 3 } },
  stages: { votes: { type: 'preferences', prompts: 'asks', guidelines: 'Choose the kinder one.' } },
})

let runId: string
beforeEach(async () => {
  runId = (await createRun(api.db, { recipe, recipeText: '', order: ['votes'] })).id
  const pairs = Array.from({ length: 8 }, (_, n) => ({
    prompt: [{ role: 'user' as const, content: `Question ${n}` }],
    completionA: `good ${n}`,
    completionB: `bad ${n}`,
    endedA: true,
    endedB: true,
    heldOut: false,
  }))
  await createComparisons(api.db, { runId, stage: 'votes', checkpointId: newId('checkpoint'), pairs })
  await openVoting(api.db, runId, 'votes', 8)
})

const next = async (who = 0, limit = 20) => {
  const response = await api.request(`/v1/comparisons/next?run=${runId}&limit=${limit}`, { key: keys[who] })
  return nextComparisonsSchema.parse(await response.json())
}
const send = (path: string, body?: unknown, who = 0, method = 'POST') =>
  api.request(`${path}?run=${runId}`, { method, key: keys[who], body })
const ballot = (choice: string) => ({ voteId: newId('vote'), choice, seconds: 2.5 })
const undoneCount = async (response: Response) => labelProgressSchema.parse(await response.json()).votes

describe('the next comparisons', () => {
  it('hide where completions come from, and carry the guidelines', async () => {
    const { comparisons, progress } = await next(0, 3)
    expect(comparisons).toHaveLength(3)
    expect(comparisons[0]).toMatchObject({ runId, stage: 'votes', guidelines: 'Choose the kinder one.' })
    expect(JSON.stringify(comparisons)).not.toContain('ckpt_')
    expect(progress).toEqual({ votes: 0, needed: 8, mine: 0, remaining: 8, openStages: 1 })
  })

  it('are shuffled by side for each labeler, and judged for what they are', async () => {
    for (const who of [0, 1]) {
      for (const { id, left } of (await next(who)).comparisons) {
        const choice = left.startsWith('good') ? 'left' : 'right'
        expect((await send(`/v1/comparisons/${id}/vote`, ballot(choice), who)).status).toBe(200)
      }
    }
    const judged = await judgedPairs(api.db, runId, 'votes')
    expect(judged.map((pair) => pair.outcome)).toEqual(Array.from({ length: 8 }, () => 'a'))
    expect((await next()).comparisons).toEqual([])
  })
})

describe('a vote', () => {
  it('counts once when it is sent twice', async () => {
    const [comparison] = (await next()).comparisons
    const vote = ballot('tie')
    const receipts = await Promise.all([1, 2, 3].map(() => send(`/v1/comparisons/${comparison?.id}/vote`, vote)))
    for (const response of receipts) expect(voteReceiptSchema.parse(await response.json()).voteId).toBe(vote.voteId)
    expect((await next()).progress).toMatchObject({ votes: 1, mine: 1, remaining: 7 })
    const second = await send(`/v1/comparisons/${comparison?.id}/vote`, ballot('left'))
    expect([second.status, await second.json()]).toMatchObject([409, { code: 'conflict' }])
  })

  it.each([
    ['POST', (voteId: string) => `/v1/votes/${voteId}/undo`],
    ['DELETE', (voteId: string) => `/v1/votes/${voteId}`],
  ])('is undone by %s, again without effect, and only by who cast it', async (method, pathOf) => {
    const [comparison] = (await next()).comparisons
    const vote = ballot('left')
    await send(`/v1/comparisons/${comparison?.id}/vote`, vote)
    expect((await send(pathOf(vote.voteId), undefined, 1, method)).status).toBe(404)
    expect(await undoneCount(await send(pathOf(vote.voteId), undefined, 0, method))).toBe(0)
    expect(await undoneCount(await send(pathOf(vote.voteId), undefined, 0, method))).toBe(0)
    expect((await send(`/v1/comparisons/${comparison?.id}/vote`, ballot('right'))).status).toBe(200)
  })

  it('is refused when the stage is closed, when it is malformed, and for what does not exist', async () => {
    const [comparison] = (await next()).comparisons
    const path = `/v1/comparisons/${comparison?.id}/vote`
    expect((await send(path, { ...ballot('left'), strength: 4 })).status).toBe(400)
    expect((await send(path, { ...ballot('left'), voteId: 'mine' })).status).toBe(400)
    expect((await send(path, { ...ballot('left'), note: 'a\u0000b' })).status).toBe(400)
    expect((await send(`/v1/comparisons/${newId('comparison')}/vote`, ballot('left'))).status).toBe(404)
    await closeVoting(api.db, runId, 'votes')
    expect((await send(path, ballot('left'))).status).toBe(409)
  })

  it('is kept, and the log says so, when its stage cannot be told', async () => {
    const [comparison] = (await next()).comparisons
    await send(`/v1/comparisons/${comparison?.id}/vote`, ballot('left'))
    expect((await next()).progress.votes).toBe(1)
    await vi.waitFor(() => expect(api.logged.join('')).toContain('the stage was not told of a vote'), 10_000)
  })
})
