import { errorBodySchema, openaiRefusal, TemperError } from '@temper/db/contracts'

/** The API's refusal as an error; an answer that is no refusal of the API means that something else is broken. */
export async function errorOfResponse(response: Response): Promise<TemperError> {
  const document = await response.json().catch(() => null)
  const openais = openaiRefusal(document)
  if (openais) return openais
  const body = errorBodySchema.safeParse(document)
  if (!body.success) {
    return new TemperError('unavailable', `The server answered ${response.status} ${response.statusText}`.trim(), {
      details: { status: response.status },
    })
  }
  const { code, message, requestId, details } = body.data
  return new TemperError(code, message, { details: { ...details, requestId, status: response.status } })
}

/** Whether the same request may succeed later without any change. */
export function isTemporary(error: unknown): boolean {
  if (!(error instanceof TemperError)) return false
  const status = error.details.status
  return error.code === 'unavailable' || (typeof status === 'number' && (status >= 500 || status === 429))
}
