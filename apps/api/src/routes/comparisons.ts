import { createRoute, z } from '@hono/zod-openapi'
import {
  type Comparison,
  castVoteSchema,
  idSchema,
  labelProgressSchema,
  nextComparisonsSchema,
  voteReceiptSchema,
} from '@temper/db/contracts'
import {
  castVote,
  getRun,
  judgedChoice,
  labelProgress,
  nextComparisons,
  type StoredComparison,
  sidesSwapped,
  undoVote,
  type VotePlace,
} from '@temper/db/queries'
import type { Dependencies } from '../dependencies.ts'
import { access, body, idParam, json, newRouter, refusals } from '../http/router.ts'

const run = idSchema('run').optional().describe('Only of this run')
const query = z.object({ run })
const progress = labelProgressSchema.meta({ id: 'LabelProgress' })

/** What labelers see: pairs on shuffled sides, never where they come from. */
export function comparisonRoutes(deps: Dependencies) {
  const { db } = deps
  const app = newRouter()
  const label = { ...access(db, 'label'), tags: ['labelling'] }

  const next = createRoute({
    method: 'get',
    path: '/comparisons/next',
    summary: 'Pairs that you have not voted on',
    ...label,
    request: { query: z.object({ run, limit: z.coerce.number().int().min(1).max(20).default(3) }) },
    responses: {
      200: json(nextComparisonsSchema.meta({ id: 'NextComparisons' }), 'None when all is done'),
      ...refusals,
    },
  })
  app.openapi(next, async (c) => {
    const { run: runId, limit } = c.req.valid('query')
    const { memberId } = c.get('principal')
    const stored = await nextComparisons(db, memberId, { limit, runId })
    const guidelines = await guidelinesOf(deps, stored)
    const comparisons = stored.map((comparison) => shownTo(memberId, comparison, guidelines))
    return c.json({ comparisons, progress: await labelProgress(db, memberId, runId) }, 200)
  })

  const progressRoute = createRoute({
    method: 'get',
    path: '/comparisons/progress',
    summary: 'How far the open stages are, and you with them',
    ...label,
    request: { query },
    responses: { 200: json(progress, 'Counts'), ...refusals },
  })
  app.openapi(progressRoute, async (c) =>
    c.json(await labelProgress(db, c.get('principal').memberId, c.req.valid('query').run), 200),
  )

  const vote = createRoute({
    method: 'post',
    path: '/comparisons/{id}/vote',
    summary: 'Vote; the id of the vote is yours to choose, and a vote sent twice counts once',
    ...label,
    request: { params: idParam('comparison'), query, body: body(castVoteSchema) },
    responses: { 200: json(voteReceiptSchema.meta({ id: 'VoteReceipt' }), 'The vote counts'), ...refusals },
  })
  app.openapi(vote, async (c) => {
    const { id: comparisonId } = c.req.valid('param')
    const { memberId } = c.get('principal')
    const cast = c.req.valid('json')
    const choice = judgedChoice(cast.choice, sidesSwapped(comparisonId, memberId))
    const place = await castVote(db, { ...cast, comparisonId, labeler: memberId, choice })
    announce(deps, place, c.get('requestId'))
    const { voteId } = cast
    return c.json({ voteId, comparisonId, progress: await labelProgress(db, memberId, c.req.valid('query').run) }, 200)
  })

  for (const [method, path] of [
    ['post', '/votes/{id}/undo'],
    ['delete', '/votes/{id}'],
  ] as const) {
    const undo = createRoute({
      method,
      path,
      summary: 'Take a vote back; a repeat changes nothing',
      ...label,
      request: { params: idParam('vote'), query },
      responses: { 200: json(progress, 'Counts without the vote'), ...refusals },
    })
    app.openapi(undo, async (c) => {
      const { memberId } = c.get('principal')
      announce(deps, await undoVote(db, c.req.valid('param').id, memberId), c.get('requestId'))
      return c.json(await labelProgress(db, memberId, c.req.valid('query').run), 200)
    })
  }
  return app
}

/**
 * Tells the stage to count again, without keeping the labeler waiting. The vote is committed whatever comes of this, and
 * the stage also counts from time to time by itself: a signal that is lost makes it later, not wrong.
 */
function announce({ workflows, log }: Dependencies, { runId, stage }: VotePlace, requestId: string): void {
  workflows.votesArrived(runId, stage).catch((error: unknown) => {
    log.warn({ requestId, runId, stage, err: error }, 'the stage was not told of a vote')
  })
}

function shownTo(memberId: string, stored: StoredComparison, guidelines: Map<string, string>): Comparison {
  const { id, runId, stage, prompt, completionA, completionB } = stored
  const [left, right] = sidesSwapped(id, memberId) ? [completionB, completionA] : [completionA, completionB]
  return { id, runId, stage, prompt, left, right, guidelines: guidelines.get(`${runId} ${stage}`) ?? '' }
}

/** By run and stage. */
async function guidelinesOf({ db }: Dependencies, comparisons: StoredComparison[]): Promise<Map<string, string>> {
  const guidelines = new Map<string, string>()
  for (const runId of new Set(comparisons.map((comparison) => comparison.runId))) {
    const { recipe } = await getRun(db, runId)
    for (const [name, stage] of Object.entries(recipe.stages)) {
      if (stage.type === 'preferences') guidelines.set(`${runId} ${name}`, stage.guidelines)
    }
  }
  return guidelines
}
