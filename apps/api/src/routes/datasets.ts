import { createRoute, z } from '@hono/zod-openapi'
import { datasetKinds, datasetSchema, idSchema, nameSchema, pageSchema } from '@temper/db/contracts'
import { getDataset, listDatasets } from '@temper/db/queries'
import { importDataset } from '../datasets/import-dataset.ts'
import { previewRows } from '../datasets/preview-rows.ts'
import type { Dependencies } from '../dependencies.ts'
import { access, json, newRouter, pageQuery, refusals } from '../http/router.ts'

const dataset = datasetSchema.meta({ id: 'Dataset' })
const idOrName = z.object({ id: idSchema('dataset').or(nameSchema).describe('Id, or name: then its newest version') })
const uploadPath = '/datasets'

/** Uploads have limits of their own, and are never held in memory. */
export function isUpload({ method, path }: { method: string; path: string }): boolean {
  return method === 'POST' && path === `/v1${uploadPath}`
}

export function datasetRoutes(deps: Dependencies) {
  const { db, store } = deps
  const app = newRouter()
  const read = { ...access(db, 'read'), tags: ['datasets'] }

  const upload = createRoute({
    method: 'post',
    path: uploadPath,
    tags: ['datasets'],
    summary: 'Add a dataset; a row that does not parse refuses the whole file, with its line',
    description:
      'The body is the file itself (text, or JSONL of text, conversations, prompts or preferences; gzip too), or a form with the file in the field `file`; at most 256 MiB, and 1 GiB unpacked. The same rows under the same name give the same dataset again, so the request can be repeated.',
    ...access(db, 'write'),
    request: {
      query: z.object({
        name: nameSchema.describe('Name by which recipes refer to it'),
        kind: z.enum(datasetKinds).optional().describe('Found out from the rows unless given'),
        file: z.string().max(255).optional().describe('Name of the file, for messages'),
      }),
    },
    responses: { 201: json(dataset, 'The dataset'), ...refusals },
  })
  app.openapi(upload, async (c) => c.json(await importDataset(deps, c.req.raw, c.req.valid('query')), 201))

  const list = createRoute({
    method: 'get',
    path: uploadPath,
    summary: 'Datasets, newest first',
    ...read,
    request: { query: z.object({ ...pageQuery, kind: z.enum(datasetKinds).optional() }) },
    responses: { 200: json(pageSchema(dataset), 'A page of datasets'), ...refusals },
  })
  app.openapi(list, async (c) => c.json(await listDatasets(db, c.req.valid('query')), 200))

  const get = createRoute({
    method: 'get',
    path: '/datasets/{id}',
    summary: 'A dataset',
    ...read,
    request: { params: idOrName },
    responses: { 200: json(dataset, 'The dataset'), ...refusals },
  })
  app.openapi(get, async (c) => c.json(await getDataset(db, c.req.valid('param').id), 200))

  const rows = createRoute({
    method: 'get',
    path: '/datasets/{id}/rows',
    summary: 'Rows in their order; long texts are cut',
    ...read,
    request: {
      params: idOrName,
      query: z.object({
        limit: z.coerce.number().int().min(1).max(200).default(20),
        cursor: z.coerce.number().int().min(0).optional().describe('`nextCursor` of the page before'),
      }),
    },
    responses: { 200: json(pageSchema(z.record(z.string(), z.unknown())), 'A page of rows'), ...refusals },
  })
  app.openapi(rows, async (c) => {
    const { limit, cursor } = c.req.valid('query')
    return c.json(
      await previewRows(store, await getDataset(db, c.req.valid('param').id), { limit, start: cursor ?? 0 }),
      200,
    )
  })
  return app
}
