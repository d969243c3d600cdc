import { createRoute } from '@hono/zod-openapi'
import { meSchema, roleScopes, signInSchema } from '@temper/db/contracts'
import { endSession, redeemSignInToken } from '@temper/db/queries'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { sessionCookie } from '../access.ts'
import type { Dependencies } from '../dependencies.ts'
import { access, body, json, newRouter, refusals } from '../http/router.ts'

const me = meSchema.meta({ id: 'Me' })

export function sessionRoutes({ db, webUrl }: Dependencies) {
  const app = newRouter()
  const cookie = { httpOnly: true, sameSite: 'Lax', path: '/', secure: webUrl.startsWith('https:') } as const

  const signIn = createRoute({
    method: 'post',
    path: '/sign-in',
    tags: ['access'],
    summary: 'Sign in by the token of a one-time link; sets the session cookie',
    security: [],
    request: { body: body(signInSchema) },
    responses: { 200: json(me, 'Who is signed in now'), ...refusals },
  })
  app.openapi(signIn, async (c) => {
    const { member, sessionToken, expiresAt } = await redeemSignInToken(db, c.req.valid('json').token)
    setCookie(c, sessionCookie, sessionToken, { ...cookie, expires: expiresAt })
    const { id, name, role } = member
    return c.json({ id, name, role, scopes: [...roleScopes[role]] }, 200)
  })

  const signOut = createRoute({
    method: 'post',
    path: '/sign-out',
    tags: ['access'],
    summary: 'End the session of the cookie',
    ...access(db, 'signed-in'),
    responses: { 204: { description: 'Signed out' }, ...refusals },
  })
  app.openapi(signOut, async (c) => {
    const token = getCookie(c, sessionCookie)
    if (token !== undefined) await endSession(db, token)
    deleteCookie(c, sessionCookie, cookie)
    return c.body(null, 204)
  })

  const who = createRoute({
    method: 'get',
    path: '/me',
    tags: ['access'],
    summary: 'Who asks, and what they may do',
    ...access(db, 'signed-in'),
    responses: { 200: json(me, 'The one who asks'), ...refusals },
  })
  app.openapi(who, (c) => {
    const { memberId, name, role, scopes } = c.get('principal')
    return c.json({ id: memberId, name, role, scopes: [...scopes] }, 200)
  })
  return app
}
