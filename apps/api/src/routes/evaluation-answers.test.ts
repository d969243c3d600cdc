import { type JudgedAnswers, judgedAnswersSchema, newId, pageSchema, type WinRate } from '@temper/db/contracts'
import { createRun, saveEvaluation, unusedFiles } from '@temper/db/queries'
import { parseRecipe } from '@temper/db/recipes'
import { evaluations } from '@temper/db/schema'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestApi, type TestApi } from '../test-api.ts'

let api: TestApi
let key: string
let runId: string
beforeAll(async () => {
  api = await startTestApi()
  key = (await api.join('member')).secret
  runId = (await createRun(api.db, { recipe: parseRecipe(recipe), recipeText: recipe, order: ['pretrain'] })).id
})
afterAll(() => api.stop())

const recipe = `name: tiny
model: { architecture: llama, tokenizer: { type: bpe, data: text } }
data: { text: { generator: stories, kind: text, count: 10 } }
stages: { pretrain: { type: pretrain, data: text } }
`

const answer = (text: string, verdict: 'win' | 'loss' | 'tie' | null) => {
  return { text, tokens: 3, endedProperly: true, score: 0.5, verdict }
}
/** The candidate wins at each third prompt, and loses at the one after it. */
const row = (position: number, text = `Answer ${position}`): JudgedAnswers => ({
  position,
  prompt: [{ role: 'user', content: `Prompt ${position}\u2028of many` }],
  answers: {
    sft: answer('Before.', null),
    ppo: answer(text, (['win', 'loss', 'tie'] as const)[position % 3] ?? 'tie'),
  },
})

async function keep(stage: string, rows: JudgedAnswers[]) {
  const lines = rows.map((each) => `${JSON.stringify(each)}\n`).join('')
  const { sha256 } = await api.store.put(Buffer.from(lines))
  const measured = { properEndings: 1, meanTokens: 3, meanJudgeScore: 0.5, meanReward: null }
  const winRate: WinRate = { ...measured, rate: 0.5, low: 0, high: 1, wins: 1, losses: 1, ties: 1, kl: null }
  const baseline = { name: 'sft', ...measured, topScoreShare: null }
  const found = { runId, stage, judge: 'taste: stories', prompts: rows.length, baseline, candidates: { ppo: winRate } }
  return { sha256, ...(await saveEvaluation(api.db, found, sha256)) }
}

const ask = (evaluation: string, query = '') =>
  api.request(`/v1/runs/${runId}/evaluations/${evaluation}/answers?${query}`, { key })
const read = async (evaluation: string, query?: string) =>
  pageSchema(judgedAnswersSchema).parse(await (await ask(evaluation, query)).json())
const errorOf = async (response: Response) => [response.status, (await response.json()) as object]

describe('the answers of an evaluation', () => {
  it('come page by page in the order of the prompts', async () => {
    const rows = [0, 1, 2, 3, 4].map((position) => row(position))
    const { id } = await keep('paged', rows)
    const first = await read(id, 'limit=3')
    expect(first.items).toEqual(rows.slice(0, 3))
    const second = await read(id, `limit=3&cursor=${first.nextCursor}`)
    expect(second).toEqual({ items: rows.slice(3), nextCursor: null })
    expect(await read(id, 'limit=5')).toEqual({ items: rows, nextCursor: null })
  })

  it('are those of a verdict where one is asked for', async () => {
    const { id } = await keep(
      'filtered',
      [0, 1, 2, 3, 4, 5].map((position) => row(position)),
    )
    const wins = await read(id, 'candidate=ppo&verdict=win&limit=1')
    expect(wins.items.map(({ position }) => position)).toEqual([0])
    const more = await read(id, `candidate=ppo&verdict=win&cursor=${wins.nextCursor}`)
    expect([more.items.map(({ position }) => position), more.nextCursor]).toEqual([[3], null])
    expect((await read(id, 'candidate=ppo&verdict=loss')).items.map(({ position }) => position)).toEqual([1, 4])
  })

  it('come a few at a time where they are long', async () => {
    const rows = [0, 1, 2, 3].map((position) => row(position, 'word '.repeat(600_000)))
    const { id } = await keep('long', rows)
    const first = await read(id)
    expect(first.items.map(({ position }) => position)).toEqual([0, 1])
    const second = await read(id, `cursor=${first.nextCursor}`)
    expect([second.items.map(({ position }) => position), second.nextCursor]).toEqual([[2, 3], null])
  })

  it('are used files of the store while the evaluation names them', async () => {
    const before = await keep('again', [row(0)])
    const after = await keep('again', [row(1)])
    expect(after.id).toBe(before.id)
    expect(await unusedFiles(api.db, [before.sha256, after.sha256])).toEqual([before.sha256])
  })

  it('are refused for other runs, other candidates, half a filter and a cursor of nobody', async () => {
    const { id } = await keep('refused', [row(0), row(1)])
    const elsewhere = await api.request(`/v1/runs/${newId('run')}/evaluations/${id}/answers`, { key })
    expect(await errorOf(elsewhere)).toMatchObject([404, { code: 'not_found' }])
    const known = "'dpo' is no candidate of this evaluation; those are ppo"
    expect(await errorOf(await ask(id, 'candidate=dpo&verdict=win'))).toMatchObject([400, { message: known }])
    for (const query of ['candidate=ppo', 'verdict=win', 'cursor=3', 'limit=0']) {
      expect(await errorOf(await ask(id, query))).toMatchObject([400, { code: 'invalid_input' }])
    }
    expect(await read(id, 'cursor=1000000')).toEqual({ items: [], nextCursor: null })
  })

  it('are said to be missing for evaluations of before they were kept', async () => {
    const { id } = await keep('old', [row(0)])
    await api.db.update(evaluations).set({ sha256: null })
    const message = `evaluation '${id}' is of before answers were kept`
    expect(await errorOf(await ask(id))).toMatchObject([404, { code: 'not_found', message }])
  })
})
