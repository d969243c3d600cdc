import { drizzle } from 'drizzle-orm/postgres-js'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startTestDatabase, type TestDatabase } from '../../tests/support/postgres.ts'
import { newId, recipeSchema } from '../contracts/index.ts'
import { comparisonId, createComparisons, listComparisons } from './comparisons.ts'
import { judgedPairs, majorityOf, voteCounts } from './judgements.ts'
import { judgedChoice, labelProgress, nextComparisons, sidesSwapped } from './labeling.ts'
import { createRun } from './runs.ts'
import { closeVoting, openVoting, updateStage } from './stages.ts'
import { castVote, type NewVote, undoVote } from './votes.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await startTestDatabase()
})
afterAll(() => database.stop())

const recipe = recipeSchema.parse({
  name: 'tiny',
  model: { checkpoint: newId('checkpoint') },
  data: { asks: { generator: 'stories', kind: 'prompts', count: 3 } },
  stages: { votes: { type: 'preferences', prompts: 'asks' } },
})
const pair = (n: number) => ({
  prompt: [{ role: 'user' as const, content: `Question ${n}` }],
  completionA: `a${n}`,
  completionB: `b${n}`,
  endedA: true,
  endedB: true,
  heldOut: n === 2,
})
const [ada, bob] = [newId('member'), newId('member')]

let runId: string
beforeEach(async () => {
  const run = await createRun(database.db, { recipe, recipeText: '', order: ['votes'] })
  runId = run.id
  await createComparisons(database.db, { runId, stage: 'votes', checkpointId: null, pairs: [0, 1, 2].map(pair) })
  await openVoting(database.db, runId, 'votes', 6)
})

const vote = (position: number, labeler: string, choice: NewVote['choice'], strength = 1): NewVote => ({
  voteId: newId('vote'),
  comparisonId: comparisonId(runId, 'votes', position),
  labeler,
  choice,
  strength,
  seconds: 2,
  note: '',
})
const progress = (labeler: string) => labelProgress(database.db, labeler, runId)

describe('comparisons', () => {
  it('are made once by a repeated call', async () => {
    await createComparisons(database.db, { runId, stage: 'votes', checkpointId: null, pairs: [0, 1, 2].map(pair) })
    const made = await listComparisons(database.db, runId, 'votes')
    expect(made.map((comparison) => comparison.completionA)).toEqual(['a0', 'a1', 'a2'])
  })

  it('come with the fewest votes first, and not again after a vote', async () => {
    await castVote(database.db, vote(1, ada, 'a'))
    const next = await nextComparisons(database.db, bob, { limit: 3, runId })
    expect(next).toHaveLength(3)
    expect(next[2]?.position).toBe(1)
    const rest = await nextComparisons(database.db, ada, { limit: 3, runId })
    expect(rest.map((comparison) => comparison.position).sort()).toEqual([0, 2])
  })

  it('are shown to each labeler on sides of their own, half of them swapped, always the same', () => {
    const ids = Array.from({ length: 400 }, (_, n) => comparisonId('run', 'votes', n))
    const swapped = ids.filter((id) => sidesSwapped(id, ada))
    expect(swapped.length).toBeGreaterThan(150)
    expect(swapped.length).toBeLessThan(250)
    expect(ids.filter((id) => sidesSwapped(id, ada))).toEqual(swapped)
    expect(ids.filter((id) => sidesSwapped(id, bob))).not.toEqual(swapped)
    expect([judgedChoice('left', true), judgedChoice('left', false), judgedChoice('tie', true)]).toEqual([
      'b',
      'a',
      'tie',
    ])
  })
})

describe('a vote', () => {
  it('counts once when it is sent twice, one after another or at once', async () => {
    const cast = vote(0, ada, 'a')
    await Promise.all([castVote(database.db, cast), castVote(database.db, cast)])
    await castVote(database.db, cast)
    expect(await progress(ada)).toEqual({ votes: 1, needed: 6, mine: 1, remaining: 2, openStages: 1 })
  })

  it('is refused beside another of the same labeler on the same comparison', async () => {
    await castVote(database.db, vote(0, ada, 'a'))
    await expect(castVote(database.db, vote(0, ada, 'b'))).rejects.toMatchObject({ code: 'conflict' })
    await castVote(database.db, vote(0, bob, 'b'))
    expect((await progress(ada)).votes).toBe(2)
  })

  it('can be undone and cast anew; a late repeat of the first does not bring it back', async () => {
    const first = vote(0, ada, 'a')
    await castVote(database.db, first)
    await undoVote(database.db, first.voteId, ada)
    await undoVote(database.db, first.voteId, ada)
    await castVote(database.db, first)
    expect((await progress(ada)).votes).toBe(0)
    await castVote(database.db, vote(0, ada, 'b'))
    expect((await judgedPairs(database.db, runId, 'votes')).map((judged) => judged.outcome)).toEqual(['b'])
  })

  it("of someone else cannot be undone, nor its id be used for one's own", async () => {
    const cast = vote(0, ada, 'a')
    await castVote(database.db, cast)
    await expect(undoVote(database.db, cast.voteId, bob)).rejects.toMatchObject({ code: 'not_found' })
    await expect(castVote(database.db, { ...cast, labeler: bob })).rejects.toMatchObject({ code: 'conflict' })
  })

  it('is refused once the stage is closed, and so is undoing one', async () => {
    const cast = vote(0, ada, 'a')
    await castVote(database.db, cast)
    await closeVoting(database.db, runId, 'votes')
    await expect(castVote(database.db, vote(1, ada, 'a'))).rejects.toMatchObject({ code: 'conflict' })
    await expect(undoVote(database.db, cast.voteId, ada)).rejects.toMatchObject({ code: 'conflict' })
    await castVote(database.db, cast)
    expect(await nextComparisons(database.db, bob, { limit: 3, runId })).toEqual([])
    expect((await voteCounts(database.db, runId, 'votes')).votes).toBe(1)
  })

  it.each(['cancelled', 'failed'] as const)('is neither asked for nor taken once its stage is %s', async (state) => {
    const cast = vote(0, ada, 'a')
    await castVote(database.db, cast)
    await updateStage(database.db, runId, 'votes', { state })
    expect(await nextComparisons(database.db, bob, { limit: 3, runId })).toEqual([])
    expect(await progress(ada)).toEqual({ votes: 0, needed: 0, mine: 0, remaining: 0, openStages: 0 })
    await expect(castVote(database.db, vote(1, ada, 'a'))).rejects.toMatchObject({ code: 'conflict' })
    await expect(undoVote(database.db, cast.voteId, ada)).rejects.toMatchObject({ code: 'conflict' })
  })
})

describe('judgements', () => {
  it('count votes, ties and agreement', async () => {
    for (const cast of [vote(0, ada, 'a'), vote(0, bob, 'a'), vote(1, ada, 'tie'), vote(1, bob, 'both_bad')]) {
      await castVote(database.db, cast)
    }
    expect(await voteCounts(database.db, runId, 'votes')).toEqual({
      comparisons: 3,
      votes: 4,
      judged: 2,
      ties: 1,
      bothBad: 1,
      labelers: 2,
      // One pair of votes agrees, the other does not.
      agreement: 0.5,
    })
  })

  it('are counted without reading a text', async () => {
    const queries: string[] = []
    const logger = { logQuery: (query: string) => queries.push(query) }
    expect((await voteCounts(drizzle({ client: database.sql, logger }), runId, 'votes')).comparisons).toBe(3)
    expect(queries).toHaveLength(1)
    expect(queries.join()).not.toMatch(/prompt|completion|note/)
  })

  it('leave out comparisons without votes, and carry the held-out mark', async () => {
    await castVote(database.db, vote(2, ada, 'b', 3))
    expect(await judgedPairs(database.db, runId, 'votes')).toEqual([
      {
        comparisonId: comparisonId(runId, 'votes', 2),
        position: 2,
        ...pair(2),
        outcome: 'b',
        bothBad: false,
        strength: 3,
        votes: 1,
      },
    ])
  })

  it.each([
    [['a', 'a', 'b'], { outcome: 'a', bothBad: false, strength: 1 }],
    [['a', 'b'], { outcome: 'tie', bothBad: false, strength: 1 }],
    [['tie', 'both_bad', 'a'], { outcome: 'tie', bothBad: true, strength: 1 }],
    [['both_bad'], { outcome: 'tie', bothBad: true, strength: 1 }],
    [['tie', 'tie', 'both_bad'], { outcome: 'tie', bothBad: false, strength: 1 }],
    [['tie', 'a', 'a'], { outcome: 'a', bothBad: false, strength: 1 }],
  ] as const)('of %j are decided by the majority', (choices, judged) => {
    expect(majorityOf(choices.map((choice) => ({ choice, strength: 1 })))).toEqual(judged)
  })
})
