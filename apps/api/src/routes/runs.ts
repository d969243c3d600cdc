import { createRoute, z } from '@hono/zod-openapi'
import {
  createRunSchema,
  endedRunStates,
  idSchema,
  nameSchema,
  pageSchema,
  type Run,
  runSchema,
  runStates,
  runSummarySchema,
  type StageRun,
  TemperError,
} from '@temper/db/contracts'
import {
  forgetQueuedRun,
  getRun,
  getStage,
  isVotingOpen,
  judgedPairs,
  listRuns,
  type RunRecord,
} from '@temper/db/queries'
import { invalidRecipe } from '@temper/db/recipes'
import { createRunOnce } from '../create-run-once.ts'
import type { Dependencies } from '../dependencies.ts'
import { access, body, idParam, json, newRouter, pageQuery, refusals } from '../http/router.ts'
import { checkWithData } from '../recipe-data.ts'

const run = runSchema.meta({ id: 'Run' })
const answer = { 200: json(run, 'The run'), ...refusals }

export function runRoutes(deps: Dependencies) {
  const { db, workflows } = deps
  const app = newRouter()
  const write = access(db, 'write', { idempotent: true })

  const create = createRoute({
    method: 'post',
    path: '/runs',
    tags: ['runs'],
    summary: 'Start a run from a recipe',
    ...write,
    request: { body: body(createRunSchema) },
    responses: { 201: json(run, 'The run, queued'), ...refusals },
  })
  app.openapi(create, async (c) => {
    const { recipe: text, seed } = c.req.valid('json')
    const { recipe, order, problems } = await checkWithData(db, text)
    if (recipe === undefined) throw invalidRecipe(problems)
    const input = { recipe, recipeText: text, order: order.map((stage) => stage.name), seed }
    const created = await createRunOnce(db, input, c.get('requestDigest'))
    if (created.state === 'queued') await startOrForget(deps, created.id)
    return c.json(withLink(created, deps.temporalUiUrl), 201)
  })

  const list = createRoute({
    method: 'get',
    path: '/runs',
    tags: ['runs'],
    summary: 'Runs, newest first',
    ...access(db, 'read'),
    request: { query: z.object({ ...pageQuery, state: z.enum(runStates).optional() }) },
    responses: { 200: json(pageSchema(runSummarySchema.meta({ id: 'RunSummary' })), 'A page of runs'), ...refusals },
  })
  app.openapi(list, async (c) => {
    const { state, ...page } = c.req.valid('query')
    return c.json(await listRuns(db, { ...page, states: state && [state] }), 200)
  })

  const get = createRoute({
    method: 'get',
    path: '/runs/{id}',
    tags: ['runs'],
    summary: 'A run with its stages and recipe',
    ...access(db, 'read'),
    request: { params: idParam('run') },
    responses: answer,
  })
  app.openapi(get, async (c) => c.json(withLink(await getRun(db, c.req.valid('param').id), deps.temporalUiUrl), 200))

  const actions = [
    ['pause', 'Stop at the next step; checkpoints stay, and no worker is held', workflows.pauseRun],
    ['resume', 'Go on from where it was paused', workflows.resumeRun],
    ['cancel', 'End the run; what its stages have finished stays', workflows.cancelRun],
  ] as const
  for (const [action, summary, ask] of actions) {
    const route = createRoute({
      method: 'post',
      path: `/runs/{id}/${action}`,
      tags: ['runs'],
      summary,
      ...write,
      request: { params: idParam('run') },
      responses: answer,
    })
    app.openapi(route, async (c) => {
      const { id } = c.req.valid('param')
      requireLive(await getRun(db, id), action)
      await ask(id)
      return c.json(withLink(await getRun(db, id), deps.temporalUiUrl), 200)
    })
  }

  const skipWaiting = createRoute({
    method: 'post',
    path: '/runs/{id}/stages/{stage}/skip-waiting',
    tags: ['runs'],
    summary: 'Let a preferences stage go on with the votes it has',
    ...write,
    request: { params: z.object({ id: idSchema('run'), stage: nameSchema }) },
    responses: answer,
  })
  app.openapi(skipWaiting, async (c) => {
    const { id, stage: name } = c.req.valid('param')
    const stage = await getStage(db, id, name)
    // A signal that comes before the wait is kept for it, and would end it before the first vote.
    if (!(await isVotingOpen(db, id, name))) throw votesNotAwaited(stage)
    const judged = await judgedPairs(db, id, name)
    if (judged.every(({ heldOut }) => heldOut)) throw nothingJudged(stage, judged.length)
    await workflows.skipWaiting(id, name)
    return c.json(withLink(await getRun(db, id), deps.temporalUiUrl), 200)
  })
  return app
}

/**
 * A run whose workflow cannot be started is not kept: the caller learns of it, and may try again. One that has begun
 * was started, whatever became of the answer that says so.
 */
async function startOrForget({ db, workflows }: Dependencies, id: string): Promise<void> {
  try {
    await workflows.startRun(id)
  } catch (error) {
    if (await forgetQueuedRun(db, id)) throw error
  }
}

function requireLive({ id, state }: RunRecord, action: string): void {
  if (!endedRunStates.includes(state)) return
  throw new TemperError('conflict', `run '${id}' is ${state}: too late to ${action} it`, { details: { id, state } })
}

function votesNotAwaited({ name, type, state, status }: StageRun): TemperError {
  const message = `stage '${name}' takes no votes now, so there is no wait to end: it is a ${type} stage, ${state} (${status})`
  return new TemperError('conflict', message, { details: { stage: name, type, state } })
}

function nothingJudged({ name }: StageRun, judged: number): TemperError {
  const message = `no pair of '${name}' that is trained on has a vote yet: vote on one, or cancel the run`
  return new TemperError('conflict', message, { details: { stage: name, judged } })
}

function withLink(record: RunRecord, temporalUiUrl: string | undefined): Run {
  const temporalUrl = temporalUiUrl === undefined ? null : `${temporalUiUrl}/namespaces/default/workflows/${record.id}`
  return { ...record, temporalUrl }
}
