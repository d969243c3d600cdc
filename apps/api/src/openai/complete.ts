import { type CompletionEvent, type CompletionOrder, type ErrorCode, TemperError } from '@temper/db/contracts'
import { removeServer } from '@temper/db/queries'
import type { Dependencies } from '../dependencies.ts'
import { askServer } from './ask-server.ts'
import { findOrStartServer } from './find-or-start-server.ts'

type Needs = Pick<Dependencies, 'db' | 'notifications' | 'workflows' | 'serverTimeoutMs'>

/**
 * The answer to an order as events, once the first is there: refusals are thrown before anything is sent. A server that
 * turns out to be gone is forgotten, and another asked, once.
 * @throws TemperError unavailable where the answer does not begin in time; what it was refused for
 */
export async function complete(
  deps: Needs,
  order: CompletionOrder,
  signal: AbortSignal,
): Promise<AsyncGenerator<CompletionEvent>> {
  const deadlineMs = Date.now() + deps.serverTimeoutMs
  try {
    return await begin(deps, order, signal, deadlineMs)
  } catch (thrown) {
    if (signal.aborted || !(thrown instanceof ServerGone)) throw thrown
    return begin(deps, order, signal, deadlineMs)
  }
}

/** The server was lost, or ended, before it said anything. */
class ServerGone extends TemperError {}

/** What a server's end looks like: its worker does not answer, leaves, or has lost its engine. */
const goneCodes: readonly ErrorCode[] = ['unavailable', 'cancelled', 'engine_failed']

async function begin(deps: Needs, order: CompletionOrder, signal: AbortSignal, deadlineMs: number) {
  const server = await findOrStartServer(deps, deadlineMs, signal)
  if (server === undefined) throw tooLate('no worker was ready to answer', deps)
  const late = new AbortController()
  // A beam search says nothing before its end, however well it goes.
  const timer = order.request.beams ? undefined : setTimeout(() => late.abort(), deadlineMs - Date.now())
  try {
    return await begun(askServer(server, order, AbortSignal.any([signal, late.signal])))
  } catch (thrown) {
    // The server is as it was.
    if (signal.aborted) throw thrown
    if (late.signal.aborted) throw tooLate('the answer did not begin', deps)
    if (!(thrown instanceof TemperError) || !goneCodes.includes(thrown.code)) throw thrown
    await removeServer(deps.db, server.id)
    throw new ServerGone('unavailable', thrown.message, { cause: thrown })
  } finally {
    clearTimeout(timer)
  }
}

function tooLate(what: string, { serverTimeoutMs }: Needs): TemperError {
  return new TemperError('unavailable', `${what} within ${serverTimeoutMs / 1000} s; try again`)
}

/** The same events, once the first is there. */
async function begun(events: AsyncGenerator<CompletionEvent>) {
  const first = await events.next()
  return prepend(first.done ? [] : [first.value], events)
}

async function* prepend(first: CompletionEvent[], rest: AsyncGenerator<CompletionEvent>) {
  try {
    yield* first
    yield* rest
  } finally {
    await rest.return(undefined)
  }
}
