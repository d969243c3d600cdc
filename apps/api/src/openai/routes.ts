import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { type CompletionRequest, TemperError } from '@temper/db/contracts'
import type { Context } from 'hono'
import { streamSSE } from 'hono/streaming'
import type { Dependencies, Env } from '../dependencies.ts'
import { publicError } from '../errors.ts'
import { access, body, json } from '../http/router.ts'
import { complete } from './complete.ts'
import { fromChat, fromText } from './completion-request.ts'
import { chatForm, type Form, pieces, textForm, wholeAnswer } from './documents.ts'
import { completionPaths, openaiError } from './errors.ts'
import { findModel, listModels, type ServedModel } from './find-model.ts'
import { type ChatRequest, chatRequestSchema, type TextRequest, textRequestSchema } from './request-schemas.ts'

const answer = {
  description: 'The answer, or a stream of its pieces that ends with `[DONE]`',
  content: {
    'application/json': { schema: z.looseObject({ id: z.string() }) },
    'text/event-stream': { schema: z.string() },
  },
}
const modelSchema = z.strictObject({
  id: z.string(),
  object: z.literal('model'),
  created: z.int(),
  owned_by: z.string(),
})
const errorSchema = z.strictObject({
  error: z.strictObject({ message: z.string(), type: z.string(), param: z.unknown(), code: z.unknown() }),
})
const refusals = { default: json(errorSchema, 'Refused or failed, as OpenAI does') }
const retryAfterSeconds = 5

/** What OpenAI's clients ask for. */
export function openaiRoutes(deps: Dependencies) {
  const { db, log } = deps
  const app = new OpenAPIHono<Env>({
    defaultHook: (result) => {
      if (!result.success) throw refusedKey(result.error.issues)
    },
  })
  const tags = ['openai']
  app.onError((thrown, c) => {
    const { status, error } = publicError(c, thrown, log)
    if (status === 503) c.header('Retry-After', String(retryAfterSeconds))
    // Here every refusal of a request is a 400 to 404.
    return c.json(openaiError(error, status), status === 422 ? 400 : status)
  })

  const chat = createRoute({
    method: 'post',
    path: completionPaths.chat,
    tags,
    summary: 'Answer a conversation',
    ...access(db, 'write'),
    request: { body: body(chatRequestSchema) },
    responses: { 200: answer, ...refusals },
  })
  app.openapi(chat, async (c) => {
    const request = c.req.valid('json')
    return respond(deps, c, chatForm, request, fromChat(request))
  })

  const text = createRoute({
    method: 'post',
    path: completionPaths.text,
    tags,
    summary: 'Go on with a text',
    ...access(db, 'write'),
    request: { body: body(textRequestSchema) },
    responses: { 200: answer, ...refusals },
  })
  app.openapi(text, async (c) => {
    const request = c.req.valid('json')
    return respond(deps, c, textForm, request, fromText(request))
  })

  const list = createRoute({
    method: 'get',
    path: '/models',
    tags,
    summary: 'Policies that can answer, by name and by id',
    ...access(db, 'read'),
    responses: {
      200: json(z.strictObject({ object: z.literal('list'), data: z.array(modelSchema) }), 'Models'),
      ...refusals,
    },
  })
  app.openapi(list, async (c) => c.json({ object: 'list' as const, data: (await listModels(deps)).map(describe) }, 200))

  const get = createRoute({
    method: 'get',
    path: '/models/{model}',
    tags,
    summary: 'A policy that can answer',
    ...access(db, 'read'),
    request: { params: z.object({ model: z.string() }) },
    responses: { 200: json(modelSchema, 'The model'), ...refusals },
  })
  app.openapi(get, async (c) => c.json(describe(await findModel(deps, c.req.valid('param').model)), 200))
  return app
}

function describe({ id, checkpoint }: ServedModel) {
  const created = Math.floor(Date.parse(checkpoint.createdAt) / 1000)
  return { id, object: 'model' as const, created, owned_by: 'temper' }
}

async function respond(
  deps: Dependencies,
  c: Context<Env>,
  form: Form,
  { model, stream, stream_options }: ChatRequest | TextRequest,
  request: CompletionRequest,
): Promise<Response> {
  const { checkpoint } = await findModel(deps, model)
  const gone = new AbortController()
  const signal = AbortSignal.any([c.req.raw.signal, gone.signal])
  const events = await complete(deps, { checkpoint: checkpoint.id, request }, signal)
  const head = { id: request.id, created: Math.floor(Date.now() / 1000), model }
  if (stream !== true) return c.json(await wholeAnswer(form, head, request.n, events), 200)
  c.header('X-Accel-Buffering', 'no')
  return streamSSE(c, async (sse) => {
    sse.onAbort(() => gone.abort())
    try {
      for await (const piece of pieces(form, head, stream_options?.include_usage === true, events)) {
        await sse.writeSSE({ data: JSON.stringify(piece) })
      }
      await sse.writeSSE({ data: '[DONE]' })
    } catch (thrown) {
      if (signal.aborted) return
      const { status, error } = publicError(c, thrown, deps.log)
      await sse.writeSSE({ data: JSON.stringify(openaiError(error, status)) })
    }
  })
}

/** The first rule that a body breaks, by the name of its key. */
function refusedKey(issues: z.core.$ZodIssue[]): TemperError {
  const [issue] = issues
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined
  const param = [...(issue?.path ?? []), ...(unknown === undefined ? [] : [unknown])].join('.')
  const message = unknown === undefined ? `${param}: ${issue?.message}` : `'${param}' is not supported`
  const code = unknown === undefined ? 'invalid_value' : 'unsupported_parameter'
  return new TemperError('invalid_input', message, { details: { param, code } })
}
