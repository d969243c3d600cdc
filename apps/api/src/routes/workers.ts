import { createRoute } from '@hono/zod-openapi'
import { pageSchema, workerSchema } from '@temper/db/contracts'
import { listWorkers } from '@temper/db/queries'
import type { Dependencies } from '../dependencies.ts'
import { access, json, newRouter, refusals } from '../http/router.ts'

export function workerRoutes({ db }: Dependencies) {
  const app = newRouter()
  const list = createRoute({
    method: 'get',
    path: '/workers',
    tags: ['workers'],
    summary: 'Worker processes that live now; none while there is no work',
    ...access(db, 'read'),
    responses: { 200: json(pageSchema(workerSchema.meta({ id: 'Worker' })), 'By queue'), ...refusals },
  })
  app.openapi(list, async (c) => c.json({ items: await listWorkers(db), nextCursor: null }, 200))
  return app
}
