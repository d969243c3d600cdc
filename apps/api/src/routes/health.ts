import { createRoute, z } from '@hono/zod-openapi'
import { ping } from '@temper/db/queries'
import type { Dependencies } from '../dependencies.ts'
import { json, newRouter, refusals } from '../http/router.ts'

export function healthRoutes({ db }: Dependencies) {
  const app = newRouter()
  const health = createRoute({
    method: 'get',
    path: '/healthz',
    tags: ['health'],
    summary: 'Whether the API and its database answer',
    security: [],
    responses: { 200: json(z.strictObject({ status: z.literal('ok') }), 'They do'), ...refusals },
  })
  app.openapi(health, async (c) => {
    await ping(db)
    return c.json({ status: 'ok' as const }, 200)
  })
  return app
}
