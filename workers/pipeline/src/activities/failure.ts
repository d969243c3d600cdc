import { type ErrorCode, TemperError, toTemperError } from '@temper/db/contracts'
import { CancelledFailure, Context } from '@temporalio/activity'
import { ApplicationFailure } from '@temporalio/common'

/** How often an activity may fail in a way that could go better next time, here or elsewhere; all else fails once. */
const attempts: Partial<Record<ErrorCode, number>> = {
  unavailable: Number.POSITIVE_INFINITY,
  engine_failed: 5,
  internal: 3,
  out_of_memory: 2,
}

/** Of the activity: which try it is, counted from 1, and whether its workflow wants it to end. */
export interface Situation {
  attempt: number
  cancelRequested: boolean
}

/** A failure as Temporal carries it: the code as its type, the details as its first detail. */
export function toActivityFailure(thrown: unknown, { attempt, cancelRequested }: Situation): Error {
  if (thrown instanceof ApplicationFailure) return thrown
  const { code, message, details, cause } = named(thrown, cancelRequested)
  if (code === 'cancelled') return new CancelledFailure(message)
  return ApplicationFailure.create({
    type: code,
    message,
    details: [details],
    nonRetryable: attempt >= (attempts[code] ?? 1),
    cause: cause instanceof Error ? cause : undefined,
  })
}

/** Of sockets, of the Postgres client, and of a server that stops or starts. */
const connectionCodes =
  /^(ECONNREFUSED|ECONNRESET|EPIPE|ENOTFOUND|ETIMEDOUT|CONNECTION_CLOSED|CONNECTION_ENDED|CONNECTION_DESTROYED|CONNECT_TIMEOUT|08\w{3}|57P0[123])$/

/** The error or one of its causes says so; query builders wrap what the client reports. */
function isLostConnection(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false
  if ('code' in thrown && typeof thrown.code === 'string' && connectionCodes.test(thrown.code)) return true
  return isLostConnection(thrown.cause)
}

function named(thrown: unknown, cancelRequested: boolean): TemperError {
  if (isLostConnection(thrown)) {
    return new TemperError('unavailable', 'the connection to the database was lost', { cause: thrown })
  }
  // A query builder's message is the query with all its values; the database's own says what is wrong.
  if (thrown instanceof Error && 'query' in thrown && thrown.cause instanceof Error) return toTemperError(thrown.cause)
  const stopped = thrown instanceof CancelledFailure
  const error = stopped ? new TemperError('cancelled', thrown.message, { cause: thrown }) : toTemperError(thrown)
  // A worker that leaves stops its work, which nobody wished to cancel: another worker takes it.
  const leaving = error.code === 'cancelled' && !cancelRequested
  return leaving ? new TemperError('unavailable', 'the worker was told to leave', { cause: error }) : error
}

type Activity = (input: never) => Promise<unknown>

/** How often an activity says that it lives; cancellations come back with the answer. */
const heartbeatMs = 1_000

/** Makes activities heartbeat by themselves and fail in Temporal's terms. */
export function asActivities<T extends Record<string, Activity>>(functions: T): T {
  const wrapped = Object.entries(functions).map(([name, run]) => [name, supervise(run)] as const)
  return Object.fromEntries(wrapped) as T
}

function supervise(run: Activity): Activity {
  return async (input) => {
    const context = Context.current()
    const timer = setInterval(() => context.heartbeat(lastDetails.get(context)), heartbeatMs)
    try {
      return await run(input)
    } catch (thrown) {
      const cancelRequested = context.cancellationDetails?.cancelRequested ?? false
      throw toActivityFailure(thrown, { attempt: context.info.attempt, cancelRequested })
    } finally {
      clearInterval(timer)
    }
  }
}

const lastDetails = new WeakMap<Context, unknown>()

/** Says how far the activity is: a hint for people and for a retry, never the truth that a retry builds on. */
export function heartbeat(details: Record<string, number | string>): void {
  const context = Context.current()
  lastDetails.set(context, details)
  context.heartbeat(details)
}
