import type { ErrorBody } from '@temper/db/contracts'
import type { Context } from 'hono'
import type { Logger } from 'pino'
import type { Env } from '../dependencies.ts'
import { publicError } from '../errors.ts'

/** Paths below `/v1` that are OpenAI's alone. */
export const completionPaths = { chat: '/chat/completions', text: '/completions' } as const

export function isCompletion(path: string): boolean {
  return Object.values(completionPaths).some((known) => path === `/v1${known}`)
}

/**
 * Answers with our document and OpenAI's in one: for what is refused before a route has it, when the client may be of
 * either kind.
 */
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
