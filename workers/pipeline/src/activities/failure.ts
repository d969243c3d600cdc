import { TemperError, toTemperError } from '@temper/db/contracts'
import { ApplicationFailure, CancelledFailure } from '@temporalio/common'
import { type Endings, isSpent, withOne } from './endings.ts'

/** How the activity's earlier attempts ended, and who wants this one to end: its workflow, or a worker that leaves. */
export interface Situation {
  earlier: Endings
  /** How often it may end so, where that is not as usual. */
  limits?: Endings | undefined
  cancelRequested: boolean
  leaving: boolean
}

/** A failure as Temporal carries it: the code as its type, the details as its first detail. */
export function toActivityFailure(thrown: unknown, situation: Situation): ApplicationFailure | CancelledFailure {
  const { code, message, details, cause } = named(thrown, situation)
  if (code === 'cancelled') return new CancelledFailure(message)
  return ApplicationFailure.create({
    type: code,
    message,
    details: [details],
    nonRetryable: isSpent(withOne(situation.earlier, code), situation.limits),
    cause: cause instanceof Error ? cause : undefined,
  })
}

/** Of sockets, of the Postgres client, and of a server that stops or starts. */
const connectionCodes =
  /^(ECONNREFUSED|ECONNRESET|EPIPE|ENOTFOUND|ETIMEDOUT|CONNECTION_CLOSED|CONNECTION_ENDED|CONNECTION_DESTROYED|CONNECT_TIMEOUT|08\w{3}|57P0[123])$/

/**
 * The error or one of its causes says so; query builders wrap what the client reports. What is a TemperError has been
 * named by who knew better: that may have been a connection to a Hub.
 */
function isLostConnection(thrown: unknown): boolean {
  if (!(thrown instanceof Error) || thrown instanceof TemperError) return false
  if ('code' in thrown && typeof thrown.code === 'string' && connectionCodes.test(thrown.code)) return true
  return isLostConnection(thrown.cause)
}

function named(thrown: unknown, { cancelRequested, leaving }: Situation): TemperError {
  if (isLostConnection(thrown)) {
    return new TemperError('unavailable', 'the connection to the database was lost', { cause: thrown })
  }
  // A query builder's message is the query with all its values; the database's own says what is wrong.
  if (thrown instanceof Error && 'query' in thrown && thrown.cause instanceof Error) return toTemperError(thrown.cause)
  const stopped = thrown instanceof CancelledFailure
  const error = stopped ? new TemperError('cancelled', thrown.message, { cause: thrown }) : toTemperError(thrown)
  if (error.code !== 'cancelled' || cancelRequested) return error
  // A worker that leaves stops its work, which nobody wished to cancel: another worker takes it.
  if (leaving) return new TemperError('unavailable', 'the worker was told to leave', { cause: error })
  return new TemperError('internal', `${error.message}, which nobody asked for`, { cause: error })
}
