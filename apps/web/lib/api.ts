import { TemperError } from '@temper/db/contracts'
import type { z } from 'zod'
import { errorOfResponse } from './api-error.ts'

/** Reads a document of the API from the browser. Throws the API's refusal, or `unavailable` without a connection. */
export async function read<T extends z.ZodType>(path: string, schema: T): Promise<z.infer<T>> {
  const response = await send('GET', path)
  return schema.parse(await response.json())
}

/** Sends a command. `key` makes it safe to send the same one again: the API answers as it did the first time. */
export async function send(method: string, path: string, body?: unknown, key?: string): Promise<Response> {
  const headers = new Headers()
  if (body !== undefined) headers.set('content-type', 'application/json')
  if (key !== undefined) headers.set('idempotency-key', key)
  const response = await connect(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) })
  if (!response.ok) throw await errorOfResponse(response)
  return response
}

export async function connect(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, { cache: 'no-store', ...init })
  } catch (cause) {
    if (init.signal?.aborted) throw cause
    throw new TemperError('unavailable', 'No connection to the server', { cause })
  }
}
