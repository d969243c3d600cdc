import {
  type CompletionEvent,
  type CompletionOrder,
  completionEventSchema,
  jsonlLines,
  TemperError,
} from '@temper/db/contracts'
import type { CompletionServerAddress } from '@temper/db/queries'

/** Events of an order up to `completed`; leaving early cancels it. Throws what it was refused for, `unavailable` for a lost server. */
export async function* askServer(
  { url, token }: CompletionServerAddress,
  order: CompletionOrder,
  signal: AbortSignal,
): AsyncGenerator<CompletionEvent> {
  const left = new AbortController()
  try {
    for await (const line of linesOf(url, token, order, AbortSignal.any([signal, left.signal]))) {
      if (line === '') continue
      const event = completionEventSchema.parse(JSON.parse(line))
      if (event.type === 'refused') throw new TemperError(event.code, event.message, { details: event.details })
      yield event
      if (event.type === 'completed') return
    }
    throw new TemperError('unavailable', 'the worker broke off its answer')
  } finally {
    left.abort()
  }
}

async function* linesOf(url: string, token: string, order: CompletionOrder, signal: AbortSignal) {
  try {
    const response = await fetch(`${url}/completions`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify(order),
      signal,
    })
    if (!response.ok || response.body === null) throw new Error(`the worker answers ${response.status}`)
    yield* jsonlLines(response.body)
  } catch (cause) {
    const code = signal.aborted ? 'cancelled' : 'unavailable'
    throw new TemperError(code, 'the worker that was to answer does not any more', { cause })
  }
}
