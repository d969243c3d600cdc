import { type ErrorBody, type ErrorCode, errorCodes, TemperError, toTemperError } from '@temper/db/contracts'
import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { Logger } from 'pino'
import { fromDatabase } from './database-errors.ts'
import type { Env } from './dependencies.ts'

/** The one place where errors become HTTP. */
const statuses: Record<ErrorCode, ContentfulStatusCode> = {
  invalid_input: 400,
  invalid_recipe: 422,
  invalid_dataset: 422,
  invalid_checkpoint: 422,
  unsupported: 422,
  not_found: 404,
  conflict: 409,
  unauthenticated: 401,
  forbidden: 403,
  too_large: 413,
  unavailable: 503,
  cancelled: 409,
  deadline_passed: 504,
  gate_failed: 409,
  non_finite: 500,
  out_of_memory: 500,
  engine_failed: 500,
  setup_failed: 500,
  internal: 500,
}

export function statusOf(code: ErrorCode): ContentfulStatusCode {
  return statuses[code]
}

/** Answers with the error. */
export function answerError(c: Context<Env>, thrown: unknown, log: Logger): Response {
  const { status, error } = publicError(c, thrown, log)
  return c.json(error, status)
}

/** The error as the caller may see it; what is not for the caller stays in the log. */
export function publicError(c: Context<Env>, thrown: unknown, log: Logger) {
  const error = thrown instanceof HTTPException ? fromHono(thrown) : (fromDatabase(thrown) ?? toTemperError(thrown))
  const status = statusOf(error.code)
  const requestId = c.get('requestId')
  if (status >= 500) log.error({ requestId, code: error.code, err: thrown }, 'request failed')
  const isSecret = error.code === 'internal'
  const body: ErrorBody = {
    code: error.code,
    message: isSecret ? `Something went wrong here; the log has it under request ${requestId}` : error.message,
    requestId,
    details: isSecret ? {} : error.details,
  }
  if (error.code === 'unauthenticated') c.header('WWW-Authenticate', 'Bearer')
  return { status, error: body }
}

/** Refusals that the framework makes itself: bodies that are no JSON, or too long. */
function fromHono(exception: HTTPException): TemperError {
  const code = errorCodes.find((candidate) => statuses[candidate] === exception.status) ?? 'internal'
  return new TemperError(code, exception.message, { cause: exception })
}
