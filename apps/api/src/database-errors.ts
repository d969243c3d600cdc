import { TemperError } from '@temper/db/contracts'

/** Lost or refused connections (postgres.js, Node), and a server that starts or stops (SQLSTATE). */
const unavailable = new Set([
  'CONNECTION_CLOSED',
  'CONNECTION_ENDED',
  'CONNECTION_DESTROYED',
  'CONNECT_TIMEOUT',
  'ECONNREFUSED',
  'ECONNRESET',
  '57P01',
  '57P02',
  '57P03',
])
/** Text that Postgres cannot hold: it has no U+0000. */
const unstorable = new Set(['22P05', '22021'])

/** The error of the database in our words; undefined for one that is ours to mend. */
export function fromDatabase(thrown: unknown): TemperError | undefined {
  const code = codeOf(thrown)
  if (code === undefined) return undefined
  if (unavailable.has(code))
    return new TemperError('unavailable', 'the database does not answer; try again', { cause: thrown })
  if (!unstorable.has(code)) return undefined
  return new TemperError('invalid_input', 'text must not hold the character U+0000', { cause: thrown })
}

/** Queries that fail come wrapped, with the reason as their cause. */
function codeOf(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || thrown instanceof TemperError) return undefined
  const { code } = thrown as NodeJS.ErrnoException
  return code ?? codeOf(thrown.cause)
}
