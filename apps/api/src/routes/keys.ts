import { createRoute } from '@hono/zod-openapi'
import { apiKeySchema, createKeySchema, keyCreatedSchema, pageSchema, TemperError } from '@temper/db/contracts'
import { createKey, deleteKey, listKeys } from '@temper/db/queries'
import type { Dependencies } from '../dependencies.ts'
import { access, body, idParam, json, newRouter, refusals } from '../http/router.ts'

const key = apiKeySchema.meta({ id: 'Key' })

/** Everyone manages keys of their own, and gives a key no more than they have. */
export function keyRoutes({ db }: Dependencies) {
  const app = newRouter()
  const list = createRoute({
    method: 'get',
    path: '/keys',
    tags: ['access'],
    summary: 'Your keys, without their secrets',
    ...access(db, 'write'),
    responses: { 200: json(pageSchema(key), 'Oldest first'), ...refusals },
  })
  app.openapi(list, async (c) =>
    c.json({ items: await listKeys(db, c.get('principal').memberId), nextCursor: null }, 200),
  )

  // Not repeatable by Idempotency-Key: its answer is a secret, and answers are kept.
  const create = createRoute({
    method: 'post',
    path: '/keys',
    tags: ['access'],
    summary: 'Make a key; the answer shows its secret, once',
    ...access(db, 'write'),
    request: { body: body(createKeySchema) },
    responses: { 201: json(keyCreatedSchema, 'The key with its secret'), ...refusals },
  })
  app.openapi(create, async (c) => {
    const { name, scopes } = c.req.valid('json')
    const principal = c.get('principal')
    const excess = scopes.filter((scope) => !principal.scopes.includes(scope))
    if (excess.length > 0) {
      throw new TemperError('forbidden', `a key can do no more than you: you lack ${excess.join(', ')}`, {
        details: { scopes: principal.scopes },
      })
    }
    const created = await createKey(db, { memberId: principal.memberId, name, scopes: [...new Set(scopes)] })
    return c.json({ ...created.key, secret: created.secret }, 201)
  })

  const remove = createRoute({
    method: 'delete',
    path: '/keys/{id}',
    tags: ['access'],
    summary: 'Delete a key; it stops working at once',
    ...access(db, 'write'),
    request: { params: idParam('key') },
    responses: { 204: { description: 'Deleted' }, ...refusals },
  })
  app.openapi(remove, async (c) => {
    await deleteKey(db, c.get('principal').memberId, c.req.valid('param').id)
    return c.body(null, 204)
  })
  return app
}
