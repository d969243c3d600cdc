import { TemperError, toTemperError } from '@temper/db/contracts'
import { ApplicationFailure, CancelledFailure } from '@temporalio/common'
import { type Endings, isSpent, withOne } from './endings.ts'

/** How the activity's earlier attempts ended, and whether its workflow wants this one to end. */
export interface Situation {
  earlier: Endings
  cancelRequested: boolean
}

/** A failure as Temporal carries it: the code as its type, the details as its first detail. */
export function toActivityFailure(thrown: unknown, { earlier, cancelRequested }: Situation): Error {
  if (thrown instanceof ApplicationFailure) return thrown
  const { code, message, details, cause } = named(thrown, cancelRequested)
  if (code === 'cancelled') return new CancelledFailure(message)
  return ApplicationFailure.create({
    type: code,
    message,
    details: [details],
    nonRetryable: isSpent(code, withOne(earlier, code)) || isSpent('lost', earlier),
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
