import { createRoute, z } from '@hono/zod-openapi'
import {
  evaluationSchema,
  metricPointSchema,
  pageSchema,
  runEventSchema,
  stageSamplesSchema,
} from '@temper/db/contracts'
import { getRun, listEvaluations, listEvents, listSamples, readMetrics } from '@temper/db/queries'
import type { Dependencies } from '../dependencies.ts'
import { downsample } from '../downsample.ts'
import { follow } from '../http/follow.ts'
import { access, eventStream, idParam, json, newRouter, refusals } from '../http/router.ts'

const stage = z.string().optional().describe('Of this stage only')

/** What a run leaves behind as it goes: events, curves, samples, evaluations. */
export function runRecordRoutes({ db, notifications, log }: Dependencies) {
  const app = newRouter()
  const read = { ...access(db, 'read'), tags: ['runs'] }

  const events = createRoute({
    method: 'get',
    path: '/runs/{id}/events',
    summary: 'What happens in a run, as server-sent events: first all of it so far, then as it comes',
    ...read,
    request: {
      params: idParam('run'),
      query: z.object({ after: z.coerce.number().int().min(0).optional().describe('As the header `Last-Event-ID`') }),
    },
    responses: { 200: eventStream(`Each \`data\` is an event; its \`id\` is the number to go on from`), ...refusals },
  })
  app.openapi(events, async (c) => {
    const { id } = await getRun(db, c.req.valid('param').id)
    const readAfter = async (after: number) =>
      (await listEvents(db, id, { after })).map((event) => ({ sequence: event.sequence, document: event }))
    return follow(c, { id, notifications, log, read: readAfter })
  })

  const history = createRoute({
    method: 'get',
    path: '/runs/{id}/history',
    summary: 'The events so far, as a list',
    ...read,
    request: {
      params: idParam('run'),
      query: z.object({
        limit: z.coerce.number().int().min(1).max(1000).default(500),
        cursor: z.coerce.number().int().min(0).optional().describe('`nextCursor` of the page before'),
      }),
    },
    responses: { 200: json(pageSchema(runEventSchema.meta({ id: 'RunEvent' })), 'Oldest first'), ...refusals },
  })
  app.openapi(history, async (c) => {
    const { id } = await getRun(db, c.req.valid('param').id)
    const { limit, cursor } = c.req.valid('query')
    const items = await listEvents(db, id, { limit, after: cursor ?? 0 })
    const last = items.length === limit ? items.at(-1) : undefined
    return c.json({ items, nextCursor: last === undefined ? null : String(last.sequence) }, 200)
  })

  const metrics = createRoute({
    method: 'get',
    path: '/runs/{id}/metrics',
    summary: 'Points of curves, in the order of stage, name and step',
    ...read,
    request: {
      params: idParam('run'),
      query: z.object({
        stage,
        name: z.string().optional().describe('Names of metrics, separated by commas'),
        maxPoints: z.coerce.number().int().min(3).max(100_000).default(1000).describe('Longer curves are thinned'),
      }),
    },
    responses: { 200: json(pageSchema(metricPointSchema.meta({ id: 'MetricPoint' })), 'All on one page'), ...refusals },
  })
  app.openapi(metrics, async (c) => {
    const { id } = await getRun(db, c.req.valid('param').id)
    const query = c.req.valid('query')
    const points = await readMetrics(db, id, { stage: query.stage, names: query.name?.split(',') })
    return c.json({ items: downsample(points, query.maxPoints), nextCursor: null }, 200)
  })

  const evaluations = createRoute({
    method: 'get',
    path: '/runs/{id}/evaluations',
    summary: 'What the evaluate stages found',
    ...read,
    request: { params: idParam('run') },
    responses: { 200: json(pageSchema(evaluationSchema.meta({ id: 'Evaluation' })), 'Oldest first'), ...refusals },
  })
  app.openapi(evaluations, async (c) => {
    const { id } = await getRun(db, c.req.valid('param').id)
    return c.json({ items: await listEvaluations(db, id), nextCursor: null }, 200)
  })

  const samples = createRoute({
    method: 'get',
    path: '/runs/{id}/samples',
    summary: 'Answers to the same prompts across steps, and the newest rollouts',
    ...read,
    request: { params: idParam('run'), query: z.object({ stage }) },
    responses: { 200: json(pageSchema(stageSamplesSchema.meta({ id: 'StageSamples' })), 'Oldest first'), ...refusals },
  })
  app.openapi(samples, async (c) => {
    const { id } = await getRun(db, c.req.valid('param').id)
    return c.json({ items: await listSamples(db, id, c.req.valid('query').stage), nextCursor: null }, 200)
  })
  return app
}
