import { createHash } from 'node:crypto'
import { TemperError } from '@temper/db/contracts'
import { claimIdempotencyKey, type Db, releaseIdempotencyKey, saveIdempotentAnswer } from '@temper/db/queries'
import type { MiddlewareHandler } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { Env } from '../dependencies.ts'

/**
 * A POST with an `Idempotency-Key` takes effect once: a repeat gets the first answer again, with
 * `Idempotency-Replayed: true`. What the first could not do because of a failure here may be tried again.
 */
export function idempotent(db: Db): MiddlewareHandler<Env> {
  return async (c, next) => {
    const key = c.req.header('Idempotency-Key')
    if (key === undefined) return next()
    if (key.length === 0 || key.length > 200) {
      throw new TemperError('invalid_input', `an Idempotency-Key has 1 to 200 characters, this one ${key.length}`)
    }
    const hash = createHash('sha256').update(`${c.req.method} ${c.req.url}\n${await c.req.text()}`)
    const request = { principal: c.get('principal').id, key, requestHash: hash.digest('hex') }
    c.set('requestDigest', createHash('sha256').update(JSON.stringify(request)).digest('hex'))
    const earlier = await claimIdempotencyKey(db, request)
    if (earlier !== undefined) {
      c.header('Idempotency-Replayed', 'true')
      return c.json(earlier.body, earlier.status as ContentfulStatusCode)
    }
    await next()
    // A refusal changed nothing, so the key is free for the request as it should have been.
    if (c.error !== undefined || !c.res.ok) await releaseIdempotencyKey(db, request)
    else await saveIdempotentAnswer(db, request, { status: c.res.status, body: await c.res.clone().json() })
  }
}
