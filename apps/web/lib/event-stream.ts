import { connect } from './api.ts'
import { errorOfResponse, isTemporary } from './api-error.ts'

/** One server-sent event. `id` is the last one seen so far, as the standard has it. */
export interface ServerEvent {
  id: string
  data: string
}

/** Reads events out of a body of `text/event-stream`, whatever the pieces it arrives in. */
export async function* parseEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent> {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader()
  let rest = ''
  let id = ''
  let data: string[] = []
  try {
    for (;;) {
      const { value, done } = await reader.read()
      if (done) return
      const lines = (rest + value).split(/\r\n|\n|\r(?!$)/)
      rest = lines.pop() ?? ''
      for (const line of lines) {
        if (line.startsWith('id:')) id = line.slice(3).trim()
        else if (line.startsWith('data:')) data.push(line.slice(5).replace(/^ /, ''))
        else if (line === '' && data.length > 0) {
          yield { id, data: data.join('\n') }
          data = []
        }
      }
    }
  } finally {
    await reader.cancel()
  }
}

export interface StreamOptions {
  url: string
  signal: AbortSignal
  onEvent: (data: unknown) => void
  /** True while events flow, false while a lost connection is being made again. */
  onConnection?: (connected: boolean) => void
  /** Whether the server's end of the stream is an end, and not a lost connection. */
  isOver: () => boolean
}

const retryMs = [500, 1000, 2000, 5000, 10_000]

/**
 * Follows a stream until it is over or aborted. A lost connection is made again, from the last event seen.
 * Throws what no repetition cures: the API's refusal.
 */
export async function followStream(options: StreamOptions): Promise<void> {
  let lastId = ''
  let failures = 0
  while (!options.signal.aborted) {
    try {
      for await (const event of await openStream(options, lastId)) {
        failures = 0
        lastId = event.id
        options.onEvent(JSON.parse(event.data))
      }
    } catch (error) {
      if (options.signal.aborted) return
      if (!isTemporary(error)) throw error
    }
    if (options.isOver() || options.signal.aborted) return
    options.onConnection?.(false)
    await pause(retryMs[Math.min(failures, retryMs.length - 1)] ?? 10_000, options.signal)
    failures += 1
  }
}

async function openStream(options: StreamOptions, lastId: string): Promise<AsyncGenerator<ServerEvent>> {
  const headers = new Headers({ accept: 'text/event-stream' })
  if (lastId !== '') headers.set('last-event-id', lastId)
  const response = await connect(options.url, { headers, signal: options.signal })
  if (!response.ok || response.body === null) throw await errorOfResponse(response)
  options.onConnection?.(true)
  return parseEvents(response.body)
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
