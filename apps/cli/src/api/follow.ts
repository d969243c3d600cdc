import { jsonlLines, TemperError } from '@temper/db/contracts'
import type { ApiClient } from './client.ts'

const retryMs = 1000

/**
 * Documents of server-sent events, from the first. A lost connection is made again and goes on where
 * it stopped, until the reader stops or `signal` is aborted.
 */
export async function* follow(api: ApiClient, path: string, signal?: AbortSignal): AsyncGenerator<unknown> {
  let last = ''
  while (!signal?.aborted) {
    try {
      for await (const { id, data } of readEvents(api, path, signal, last)) {
        last = id
        yield JSON.parse(data)
      }
    } catch (error) {
      if (signal?.aborted) return
      if (!isLostConnection(error)) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, retryMs))
  }
}

/** Broken off (fetch says so by a TypeError), or not there just now: it may come back. */
function isLostConnection(error: unknown): boolean {
  return error instanceof TypeError || (error instanceof TemperError && error.code === 'unavailable')
}

/** The events of one connection. */
async function* readEvents(api: ApiClient, path: string, signal: AbortSignal | undefined, after: string) {
  const headers: Record<string, string> = after === '' ? {} : { 'Last-Event-ID': after }
  yield* eventsOf(await api.send(path, signal === undefined ? { headers } : { headers, signal }), after)
}

/** The events of an answer. */
export async function* eventsOf(response: Response, after = ''): AsyncGenerator<{ id: string; data: string }> {
  let [id, data] = [after, '']
  for await (const line of response.body ? jsonlLines(response.body) : []) {
    if (line.startsWith('id:')) id = line.slice(3).trim()
    else if (line.startsWith('data:')) data += line.slice(5).trimStart()
    else if (line === '' && data !== '') {
      yield { id, data }
      data = ''
    }
  }
}
