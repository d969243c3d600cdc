import { createRoute, z } from '@hono/zod-openapi'
import {
  archiveFolder,
  type CheckpointFile,
  checkpointKinds,
  checkpointSchema,
  idSchema,
  lineageGraphSchema,
  pageSchema,
  TemperError,
} from '@temper/db/contracts'
import { getCheckpoint, lineageOf, listCheckpoints } from '@temper/db/queries'
import { tarOf, tarSizeBytes } from '../archive.ts'
import type { Dependencies } from '../dependencies.ts'
import { access, flag, idParam, json, newRouter, pageQuery, refusals } from '../http/router.ts'
import { sendFile, toWeb } from '../http/send-file.ts'

const checkpoint = checkpointSchema.meta({ id: 'Checkpoint' })
const bytes = (description: string, type: string) => ({ description, content: { [type]: { schema: z.string() } } })

export function checkpointRoutes({ db, store }: Dependencies) {
  const app = newRouter()
  const read = { ...access(db, 'read'), tags: ['checkpoints'] }

  const list = createRoute({
    method: 'get',
    path: '/checkpoints',
    summary: 'Checkpoints, newest first; the last of each stage unless all are asked for',
    ...read,
    request: {
      query: z.object({
        ...pageQuery,
        run: idSchema('run').optional(),
        stage: z.string().optional(),
        kind: z.enum(checkpointKinds).optional(),
        released: flag.optional().describe('Only released ones'),
        all: flag.optional().describe('Those between too, from which a stage would go on'),
      }),
    },
    responses: { 200: json(pageSchema(checkpoint), 'A page of checkpoints'), ...refusals },
  })
  app.openapi(list, async (c) => {
    const { run, released, all, ...filter } = c.req.valid('query')
    return c.json(
      await listCheckpoints(db, { ...filter, runId: run, releasedOnly: released, finalOnly: all !== true }),
      200,
    )
  })

  const get = createRoute({
    method: 'get',
    path: '/checkpoints/{id}',
    summary: 'A checkpoint with its files',
    ...read,
    request: { params: idParam('checkpoint') },
    responses: { 200: json(checkpoint, 'The checkpoint'), ...refusals },
  })
  app.openapi(get, async (c) => c.json(await getCheckpoint(db, c.req.valid('param').id), 200))

  const lineage = createRoute({
    method: 'get',
    path: '/checkpoints/{id}/lineage',
    summary: 'What it was made from, and what was made from it',
    ...read,
    request: { params: idParam('checkpoint') },
    responses: { 200: json(lineageGraphSchema.meta({ id: 'LineageGraph' }), 'Oldest first'), ...refusals },
  })
  app.openapi(lineage, async (c) => c.json({ checkpoints: await lineageOf(db, c.req.valid('param').id) }, 200))

  const archive = createRoute({
    method: 'get',
    path: '/checkpoints/{id}/archive.tar',
    summary: 'The folder as a tar; without what only a resumed stage needs',
    ...read,
    request: {
      params: idParam('checkpoint'),
      query: z.object({ resume: flag.optional().describe('Optimizer state and the like too') }),
    },
    responses: { 200: bytes('A tar with one folder', 'application/x-tar'), ...refusals },
  })
  app.openapi(archive, async (c) => {
    const found = await getCheckpoint(db, c.req.valid('param').id)
    const files = c.req.valid('query').resume ? found.files : found.files.filter((file) => !isResumeState(file))
    const name = archiveFolder(found)
    const headers = new Headers({
      'Content-Type': 'application/x-tar',
      'Content-Disposition': `attachment; filename="${name}.tar"`,
    })
    const sizeBytes = tarSizeBytes(files, name)
    if (sizeBytes !== undefined) headers.set('Content-Length', String(sizeBytes))
    if (c.req.method === 'HEAD') return new Response(null, { headers })
    return new Response(toWeb(tarOf(store, files, name, new Date(found.createdAt))), { headers })
  })

  const file = createRoute({
    method: 'get',
    path: '/checkpoints/{id}/files/{path}',
    summary: 'One file; `Range`, `If-Range` and `If-None-Match` are honoured',
    ...read,
    request: { params: z.object({ id: idSchema('checkpoint'), path: z.string().describe('May hold slashes') }) },
    responses: {
      200: bytes('All bytes', 'application/octet-stream'),
      206: bytes('The range that was asked for', 'application/octet-stream'),
      304: { description: 'The reader has them already' },
      416: { description: 'The range begins behind the end' },
      ...refusals,
    },
  })
  app.openAPIRegistry.registerPath(file)
  // The router's own pattern, since a path parameter of OpenAPI holds no slash.
  app.use('/checkpoints/:id/files/*', ...read.middleware)
  app.get('/checkpoints/:id/files/:path{.+}', async (c) => {
    const { id, path } = c.req.param()
    const found = (await getCheckpoint(db, id)).files.find((candidate) => candidate.path === path)
    if (found === undefined) {
      throw new TemperError('not_found', `checkpoint '${id}' has no file '${path}'`, { details: { id, path } })
    }
    const type = path.endsWith('.json') ? 'application/json' : 'application/octet-stream'
    return sendFile(c, store, found, { name: path.split('/').at(-1) ?? path, type })
  })
  return app
}

function isResumeState(file: CheckpointFile): boolean {
  return file.path.startsWith('resume/')
}
