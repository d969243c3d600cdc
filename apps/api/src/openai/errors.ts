import type { ErrorBody } from '@temper/db/contracts'

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
