import type { ErrorBody } from '@temper/db/contracts'
import type { Context } from 'hono'
import type { Logger } from 'pino'
import type { Env } from '../dependencies.ts'
import { publicError } from '../errors.ts'

/** Whether only OpenAI's clients ask there, whatever it is that they ask. */
export function isCompletion(path: string): boolean {
  return path === '/v1/chat/completions' || path === '/v1/completions'
}

/** Answers with our document and OpenAI's in one, where no route of either took the request. */
export function answerBoth(c: Context<Env>, thrown: unknown, log: Logger): Response {
  const { status, error } = publicError(c, thrown, log)
  return c.json({ ...error, ...openaiError(error, status) }, status)
}

/** A refusal in the shape of OpenAI's API. */
export function openaiError({ code, message, details }: ErrorBody, status: number) {
  const { param = null, code: narrower = code } = details
  return { error: { message, type: typeOf(status), param, code: narrower } }
}

function typeOf(status: number): string {
  if (status >= 500) return 'server_error'
  if (status === 401) return 'authentication_error'
  return status === 403 ? 'permission_error' : 'invalid_request_error'
}
