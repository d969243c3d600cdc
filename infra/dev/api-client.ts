import { TemperError } from '@temper/db/contracts'
import type { z } from 'zod'

export interface ApiAccess {
  apiUrl: string
  apiKey: string
}

/** Asks the API of a stack and checks the answer. Throws `internal` with the API's own words when it refuses. */
export async function askApi<T>(
  { apiUrl, apiKey }: ApiAccess,
  path: string,
  schema: z.ZodType<T>,
  post?: { body: unknown; idempotencyKey: string },
): Promise<T> {
  const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' }
  const request =
    post === undefined
      ? { headers }
      : {
          method: 'POST',
          headers: { ...headers, 'idempotency-key': post.idempotencyKey },
          body: JSON.stringify(post.body),
        }
  const response = await fetch(`${apiUrl}${path}`, request)
  const body = await response.text()
  if (!response.ok) throw new TemperError('internal', `${path} answered ${response.status}: ${body}`)
  return schema.parse(JSON.parse(body))
}
