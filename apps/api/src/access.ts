import { type Role, roleScopes, type Scope, TemperError } from '@temper/db/contracts'
import { type Db, findKey, findSession } from '@temper/db/queries'
import type { Context, MiddlewareHandler } from 'hono'
import { getCookie } from 'hono/cookie'
import type { Env } from './dependencies.ts'

export const sessionCookie = 'temper_session'

/** Who asks. */
export interface Principal {
  /** Whose answers and votes these are; repeated requests of one principal are recognised. */
  id: string
  memberId: string
  name: string
  role: Role
  /** What this request may do: a key never more than its member. */
  scopes: readonly Scope[]
}

/** The principal of a request by its key or its cookie; undefined where neither is known. */
async function identify(c: Context, db: Db): Promise<Principal | undefined> {
  const secret = c.req.header('Authorization')?.match(/^Bearer +(\S+)$/i)?.[1]
  if (secret !== undefined) {
    const found = await findKey(db, secret)
    if (found === undefined) return undefined
    const { key, member } = found
    const scopes = key.scopes.filter((scope) => roleScopes[member.role].includes(scope))
    return { id: key.id, memberId: member.id, name: member.name, role: member.role, scopes }
  }
  const token = getCookie(c, sessionCookie)
  const member = token === undefined ? undefined : await findSession(db, token)
  if (member === undefined) return undefined
  return { id: member.id, memberId: member.id, name: member.name, role: member.role, scopes: roleScopes[member.role] }
}

/** Lets a request pass that may do all of `scopes`; without any, one that is signed in. */
export function requireScope(db: Db, scope: Scope | 'signed-in'): MiddlewareHandler<Env> {
  return async (c, next) => {
    const principal = await identify(c, db)
    if (principal === undefined) {
      throw new TemperError('unauthenticated', 'sign in by a link, or send a key as `Authorization: Bearer …`')
    }
    if (scope !== 'signed-in' && !principal.scopes.includes(scope)) {
      const message = `this needs the scope '${scope}'; you have ${principal.scopes.join(', ') || 'none'}`
      throw new TemperError('forbidden', message, { details: { needed: scope, scopes: principal.scopes } })
    }
    c.set('principal', principal)
    await next()
  }
}
