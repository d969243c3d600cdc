import { randomUUID } from 'node:crypto'

/** A header that makes a POST count once, however often the network repeats it. */
export function newIdempotencyKey(): Record<string, string> {
  return { 'Idempotency-Key': randomUUID() }
}
