import { createRoute, z } from '@hono/zod-openapi'
import {
  checkpointFileSchema,
  createImportSchema,
  endedImportStates,
  idSchema,
  importStates,
  type ModelImport,
  modelFileName,
  modelImportSchema,
  pageSchema,
} from '@temper/db/contracts'
import { createImport, getImport, getImportRevision, listImports, queueImport } from '@temper/db/queries'
import type { Dependencies } from '../dependencies.ts'
import { follow } from '../http/follow.ts'
import { access, body, eventStream, idParam, json, newRouter, pageQuery, refusals } from '../http/router.ts'
import { cancelImport } from '../models/cancel-import.ts'
import { receiveFile, refuseTooLarge } from '../models/receive-file.ts'

const modelImport = modelImportSchema.meta({ id: 'ModelImport' })

/** Files of models have limits of their own, and are never held in memory. */
export function isModelFile({ method, path }: { method: string; path: string }): boolean {
  return method === 'PUT' && /^\/v1\/imports\/[^/]+\/files\/[^/]+$/.test(path)
}

/** Models from elsewhere on their way in. */
export function importRoutes(deps: Dependencies) {
  const { db, workflows, notifications, log } = deps
  const app = newRouter()
  const tags = ['imports']
  const read = { ...access(db, 'read'), tags }
  const write = { ...access(db, 'write'), tags }

  const create = createRoute({
    method: 'post',
    path: '/imports',
    tags,
    summary: 'Add a model: from a Hugging Face Hub, by a short name, or from files that are sent next',
    ...access(db, 'write', { idempotent: true }),
    request: { body: body(createImportSchema) },
    responses: { 201: json(modelImport, 'The import'), ...refusals },
  })
  app.openapi(create, async (c) => {
    const wanted = c.req.valid('json')
    if (wanted.source.type === 'files') refuseTooLarge(wanted.source.files, deps.modelBytes)
    const created = await createImport(db, { ...wanted, createdBy: c.get('principal').memberId })
    if (created.state === 'queued') await begin(created)
    return c.json(created, 201)
  })

  async function begin({ id }: ModelImport): Promise<void> {
    try {
      await workflows.startImport(id)
    } catch (error) {
      await cancelImport(deps, id)
      throw error
    }
  }

  const file = createRoute({
    method: 'put',
    path: '/imports/{id}/files/{name}',
    summary: 'Send one of the announced files; the body is the file. A repeat replaces it',
    ...write,
    request: {
      params: z.object({ id: idSchema('import'), name: modelFileName }),
      query: z.object({
        sha256: checkpointFileSchema.shape.sha256.optional().describe('Bytes of another digest are refused'),
      }),
    },
    responses: { 200: json(checkpointFileSchema, 'The file as it is stored'), ...refusals },
  })
  app.openapi(file, async (c) => {
    const { id, name } = c.req.valid('param')
    return c.json(await receiveFile(deps, id, { name, ...c.req.valid('query') }, c.req.raw.body), 200)
  })

  const start = createRoute({
    method: 'post',
    path: '/imports/{id}/start',
    summary: 'Begin, once every announced file is sent',
    ...write,
    request: { params: idParam('import') },
    responses: { 200: json(modelImport, 'The import'), ...refusals },
  })
  app.openapi(start, async (c) => {
    const queued = await queueImport(db, c.req.valid('param').id)
    await workflows.startImport(queued.id)
    return c.json(queued, 200)
  })

  const list = createRoute({
    method: 'get',
    path: '/imports',
    summary: 'Imports, newest first',
    ...read,
    request: { query: z.object({ ...pageQuery, state: z.enum(importStates).optional() }) },
    responses: { 200: json(pageSchema(modelImport), 'A page of imports'), ...refusals },
  })
  app.openapi(list, async (c) => {
    const { state, ...page } = c.req.valid('query')
    return c.json(await listImports(db, { ...page, states: state && [state] }), 200)
  })

  const get = createRoute({
    method: 'get',
    path: '/imports/{id}',
    summary: 'An import: how far it is, or what became of it',
    ...read,
    request: { params: idParam('import') },
    responses: { 200: json(modelImport, 'The import'), ...refusals },
  })
  app.openapi(get, async (c) => c.json(await getImport(db, c.req.valid('param').id), 200))

  const events = createRoute({
    method: 'get',
    path: '/imports/{id}/events',
    summary: 'The import as server-sent events: the whole document, each time it has changed',
    ...read,
    request: { params: idParam('import') },
    responses: { 200: eventStream('Ends after `done`, `failed` or `cancelled`'), ...refusals },
  })
  app.openapi(events, async (c) => {
    const { id } = await getImport(db, c.req.valid('param').id)
    const readAfter = async (after: number) => {
      const { found, revision } = await getImportRevision(db, id)
      return revision > after ? [{ sequence: revision, document: found }] : []
    }
    return follow(c, { id, notifications, log, read: readAfter, isLast })
  })

  const cancel = createRoute({
    method: 'delete',
    path: '/imports/{id}',
    summary: 'Stop an import; nothing of it stays',
    ...write,
    request: { params: idParam('import') },
    responses: { 204: { description: 'Stopped, or over already' }, ...refusals },
  })
  app.openapi(cancel, async (c) => {
    const { id } = await getImport(db, c.req.valid('param').id)
    await cancelImport(deps, id)
    return c.body(null, 204)
  })
  return app
}

function isLast(document: unknown): boolean {
  return endedImportStates.includes((document as ModelImport).state)
}
