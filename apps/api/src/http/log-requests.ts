import type { MiddlewareHandler } from 'hono'
import type { Logger } from 'pino'
import type { Env } from '../dependencies.ts'

/** One line a request: who, what, how it ended, how long it took. Never headers, queries or bodies: they may hold secrets. */
export function logRequests(log: Logger): MiddlewareHandler<Env> {
  return async (c, next) => {
    const startedMs = performance.now()
    await next()
    const { method, path } = c.req
    const principal = c.get('principal')?.id
    const ms = Math.round(performance.now() - startedMs)
    const level = path === '/healthz' ? 'debug' : 'info'
    log[level]({ requestId: c.get('requestId'), method, path, status: c.res.status, ms, principal }, 'request')
  }
}
