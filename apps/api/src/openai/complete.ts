import { type CompletionEvent, type CompletionOrder, TemperError } from '@temper/db/contracts'
import { removeServer } from '@temper/db/queries'
import type { Dependencies } from '../dependencies.ts'
import { askServer } from './ask-server.ts'
import { findOrStartServer } from './find-or-start-server.ts'

/**
 * The answer to an order as events, once the first is there: refusals are thrown before anything is sent. A server that
 * turns out to be gone is forgotten, and another asked, once.
 */
export async function complete(
  deps: Dependencies,
  order: CompletionOrder,
  signal: AbortSignal,
): Promise<AsyncGenerator<CompletionEvent>> {
  try {
    return await begin(deps, order, signal)
  } catch (thrown) {
    if (signal.aborted || !(thrown instanceof ServerGone)) throw thrown
    return begin(deps, order, signal)
  }
}

/** The server was lost, or ended, before it said anything. */
class ServerGone extends TemperError {}

async function begin(deps: Dependencies, order: CompletionOrder, signal: AbortSignal) {
  const server = await findOrStartServer(deps, signal)
  const events = askServer(server, order, signal)
  try {
    const first = await events.next()
    return prepend(first.done ? [] : [first.value], events)
  } catch (thrown) {
    const isGone = thrown instanceof TemperError && (thrown.code === 'unavailable' || thrown.code === 'cancelled')
    if (!isGone) throw thrown
    await removeServer(deps.db, server.id)
    throw new ServerGone('unavailable', thrown.message, { cause: thrown })
  }
}

async function* prepend(first: CompletionEvent[], rest: AsyncGenerator<CompletionEvent>) {
  try {
    yield* first
    yield* rest
  } finally {
    await rest.return(undefined)
  }
}
