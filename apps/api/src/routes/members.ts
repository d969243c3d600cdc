import { createRoute } from '@hono/zod-openapi'
import { invitationSchema, inviteSchema, memberSchema, pageSchema } from '@temper/db/contracts'
import { createMember, createSignInToken, listMembers } from '@temper/db/queries'
import type { Dependencies } from '../dependencies.ts'
import { access, body, json, newRouter, refusals } from '../http/router.ts'
import { signInLink } from '../sign-in-link.ts'

const member = memberSchema.meta({ id: 'Member' })

export function memberRoutes({ db, webUrl }: Dependencies) {
  const app = newRouter()
  const list = createRoute({
    method: 'get',
    path: '/members',
    tags: ['access'],
    summary: 'Everyone who can sign in',
    ...access(db, 'admin'),
    responses: { 200: json(pageSchema(member), 'Oldest first'), ...refusals },
  })
  app.openapi(list, async (c) => c.json({ items: await listMembers(db), nextCursor: null }, 200))

  // Not repeatable by Idempotency-Key: its answer is a secret, and answers are kept.
  const invite = createRoute({
    method: 'post',
    path: '/members',
    tags: ['access'],
    summary: 'Invite someone; the answer holds a link that signs them in, once',
    ...access(db, 'admin'),
    request: { body: body(inviteSchema) },
    responses: { 201: json(invitationSchema, 'The member and the link'), ...refusals },
  })
  app.openapi(invite, async (c) => {
    const invited = await createMember(db, c.req.valid('json'))
    const link = signInLink(webUrl, await createSignInToken(db, invited.id))
    return c.json({ member: invited, link }, 201)
  })
  return app
}
