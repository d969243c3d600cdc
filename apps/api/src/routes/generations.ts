import { createRoute } from '@hono/zod-openapi'
import {
  createGenerationSchema,
  type GenerationEvent,
  generationCreatedSchema,
  TemperError,
} from '@temper/db/contracts'
import {
  cancelGeneration,
  createGeneration,
  getCheckpoint,
  getGeneration,
  listGenerationEvents,
} from '@temper/db/queries'
import type { Dependencies } from '../dependencies.ts'
import { follow } from '../http/follow.ts'
import { access, body, eventStream, idParam, json, newRouter, refusals } from '../http/router.ts'

/** The playground: one prompt, one checkpoint, text as it is written. */
export function generationRoutes({ db, workflows, notifications, log }: Dependencies) {
  const app = newRouter()
  const tags = ['generations']

  const create = createRoute({
    method: 'post',
    path: '/generations',
    tags,
    summary: 'Let a policy answer',
    ...access(db, 'write', { idempotent: true }),
    request: { body: body(createGenerationSchema) },
    responses: { 201: json(generationCreatedSchema, 'Where to listen'), ...refusals },
  })
  app.openapi(create, async (c) => {
    const { checkpoint, messages, sampling, seed } = c.req.valid('json')
    const { id: checkpointId, kind } = await getCheckpoint(db, checkpoint)
    if (kind !== 'policy')
      throw new TemperError('invalid_input', `'${checkpoint}' is a ${kind} model: it writes no text`)
    const { id } = await createGeneration(db, { checkpointId, messages, sampling, seed })
    try {
      await workflows.startGeneration(id)
    } catch (error) {
      await cancelGeneration(db, id)
      throw error
    }
    return c.json({ id }, 201)
  })

  const events = createRoute({
    method: 'get',
    path: '/generations/{id}/events',
    tags,
    summary: 'The text as server-sent events: queued, token…, done or failed; another `queued` means start over',
    ...access(db, 'write'),
    request: { params: idParam('generation') },
    responses: { 200: eventStream('Ends after `done` or `failed`'), ...refusals },
  })
  app.openapi(events, async (c) => {
    const { id } = await getGeneration(db, c.req.valid('param').id)
    const read = async (after: number) =>
      (await listGenerationEvents(db, id, after)).map(({ sequence, event }) => ({ sequence, document: event }))
    return follow(c, { id, notifications, log, read, isLast })
  })

  const cancel = createRoute({
    method: 'delete',
    path: '/generations/{id}',
    tags,
    summary: 'Stop writing',
    ...access(db, 'write'),
    request: { params: idParam('generation') },
    responses: { 204: { description: 'Stopped, or over already' }, ...refusals },
  })
  app.openapi(cancel, async (c) => {
    const { id, state } = await getGeneration(db, c.req.valid('param').id)
    if (state === 'queued' || state === 'running') {
      await cancelGeneration(db, id)
      await workflows.cancelGeneration(id)
    }
    return c.body(null, 204)
  })
  return app
}

function isLast(document: unknown): boolean {
  const { type } = document as GenerationEvent
  return type === 'done' || type === 'failed'
}
