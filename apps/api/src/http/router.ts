import { OpenAPIHono, z } from '@hono/zod-openapi'
import { errorBodySchema, type IdKind, idSchema, type Scope, TemperError } from '@temper/db/contracts'
import type { Db } from '@temper/db/queries'
import type { MiddlewareHandler } from 'hono'
import { requireScope } from '../access.ts'
import type { Env } from '../dependencies.ts'
import { idempotent } from './idempotent.ts'

/** Pieces that every route is made of. */

export function newRouter(): OpenAPIHono<Env> {
  return new OpenAPIHono<Env>({
    defaultHook: (result) => {
      if (!result.success) throw invalidInput(result.target, result.error.issues)
    },
  })
}

function invalidInput(target: string, issues: z.core.$ZodIssue[]): TemperError {
  const problems = issues.map(({ path, message }) => ({ key: path.join('.'), message }))
  const words = problems.map(({ key, message }) => (key === '' ? message : `${key}: ${message}`))
  return new TemperError('invalid_input', `the ${target} is not as expected: ${words.join('; ')}`, {
    details: { in: target, problems },
  })
}

/** Who may use a route. Access is decided before anything of the request is read. */
export function access(db: Db, scope: Scope | 'signed-in', options: { idempotent?: boolean } = {}) {
  const middleware: MiddlewareHandler<Env>[] = [requireScope(db, scope)]
  if (options.idempotent) middleware.push(idempotent(db))
  const scopes = scope === 'signed-in' ? [] : [scope]
  const security: Record<string, string[]>[] = [{ key: scopes }, { session: scopes }]
  return { middleware, security }
}

/** A JSON answer. */
export function json<T extends z.ZodType>(schema: T, description: string) {
  return { description, content: { 'application/json': { schema } } }
}

/** A JSON body. */
export function body<T extends z.ZodType>(schema: T) {
  return { required: true, content: { 'application/json': { schema } } }
}

/** Every refusal looks like this. */
export const refusals = { default: json(errorBodySchema.meta({ id: 'Error' }), 'Refused or failed') }

/** An answer that is a stream of server-sent events. */
export function eventStream(description: string) {
  return { description, content: { 'text/event-stream': { schema: z.string() } } }
}

export function idParam(kind: IdKind) {
  return z.object({ id: idSchema(kind) })
}

/** `?limit=&cursor=` of lists. */
export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(200).default(50).describe('Items at most'),
  cursor: z.string().max(200).optional().describe('`nextCursor` of the page before'),
}

/** `true` or `false` in a query. */
export const flag = z.enum(['true', 'false']).transform((text) => text === 'true')
