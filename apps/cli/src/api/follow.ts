import { TemperError } from '@temper/db/contracts'
import type { ApiClient } from './client.ts'

const retryMs = 1000

/**
 * Documents of server-sent events, from the first or after `after`. A lost connection is made again and goes on where
 * it stopped, until the reader stops or `signal` is aborted.
 */
export async function* follow(api: ApiClient, path: string, signal: AbortSignal, after = ''): AsyncGenerator<unknown> {
  let last = after
  while (!signal.aborted) {
    try {
      for await (const { id, data } of readEvents(api, path, signal, last)) {
        last = id
        yield JSON.parse(data)
      }
    } catch (error) {
      if (signal.aborted) return
      // A refusal stays one; a broken connection may come back.
      if (error instanceof TemperError && error.code !== 'unavailable') throw error
    }
    await new Promise((resolve) => setTimeout(resolve, retryMs))
  }
}

/** The events of one connection. */
async function* readEvents(api: ApiClient, path: string, signal: AbortSignal, after: string) {
  const headers: Record<string, string> = after === '' ? {} : { 'Last-Event-ID': after }
  const response = await api.send(path, { headers, signal })
  let [id, data] = [after, '']
  for await (const line of readLines(response)) {
    if (line.startsWith('id:')) id = line.slice(3).trim()
    else if (line.startsWith('data:')) data += line.slice(5).trimStart()
    else if (line === '' && data !== '') {
      yield { id, data }
      data = ''
    }
  }
}

async function* readLines(response: Response): AsyncGenerator<string> {
  if (response.body === null) return
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of response.body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
}
