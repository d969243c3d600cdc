import { TemperError } from '@temper/db/contracts'
import { cookies } from 'next/headers'
import { notFound, redirect } from 'next/navigation'
import type { z } from 'zod'
import { errorOfResponse } from './api-error.ts'
import { serverEnvironment } from './environment.ts'

/**
 * Reads a document of the API on behalf of the visitor, for the first paint.
 * Leads to the sign-in page without a session, to the label page where the role forbids, and to the not-found page.
 */
export async function readOnServer<T extends z.ZodType>(path: string, schema: T): Promise<z.infer<T>> {
  const found = await findOnServer(path, schema)
  return found === undefined ? notFound() : found
}

/** The same, but undefined where there is no such document. */
export async function findOnServer<T extends z.ZodType>(path: string, schema: T): Promise<z.infer<T> | undefined> {
  const cookie = (await cookies()).toString()
  const response = await fetchApi(path, cookie)
  if (response.status === 401) redirect('/sign-in')
  if (response.status === 403) redirect('/label')
  // 400: the address holds something that is not even an id.
  if (response.status === 404 || response.status === 400) return undefined
  if (!response.ok) throw await errorOfResponse(response)
  return schema.parse(await response.json())
}

async function fetchApi(path: string, cookie: string): Promise<Response> {
  try {
    return await fetch(new URL(path, serverEnvironment().TEMPER_API_URL), { headers: { cookie }, cache: 'no-store' })
  } catch (cause) {
    throw new TemperError('unavailable', 'The API does not answer', { cause })
  }
}
