import { and, eq, isNull, lt, or } from 'drizzle-orm'
import { TemperError } from '../contracts/index.ts'
import { idempotencyKeys } from '../schema/index.ts'
import type { Db } from './database.ts'

/** A request that is under way for longer than this was lost with its process, and may be made again. */
const abandonedAfterMs = 60_000
/** Answers are kept this long; then the same request is a new one. */
export const answersKeptMs = 24 * 3600_000

export interface IdempotentRequest {
  principal: string
  key: string
  requestHash: string
}

export interface StoredAnswer {
  status: number
  body: unknown
}

/**
 * Undefined: the request is the first of its key, to be made now. Else the answer that the first one got. Throws
 * `conflict` while the first is under way, or where the key came with another request.
 */
export async function claimIdempotencyKey(db: Db, request: IdempotentRequest): Promise<StoredAnswer | undefined> {
  const { principal, key, requestHash } = request
  const now = Date.now()
  const claimed = await db
    .insert(idempotencyKeys)
    .values(request)
    .onConflictDoUpdate({
      target: [idempotencyKeys.principal, idempotencyKeys.key],
      set: { requestHash, status: null, body: null, createdAt: new Date(now) },
      setWhere: or(
        and(isNull(idempotencyKeys.status), lt(idempotencyKeys.createdAt, new Date(now - abandonedAfterMs))),
        lt(idempotencyKeys.createdAt, new Date(now - answersKeptMs)),
      ),
    })
    .returning({ key: idempotencyKeys.key })
  if (claimed.length > 0) return undefined
  const [row] = await db.select().from(idempotencyKeys).where(isKey(principal, key))
  if (row !== undefined && row.requestHash !== requestHash) {
    throw new TemperError('conflict', `the Idempotency-Key '${key}' came with another request before`, {
      details: { key },
    })
  }
  if (row === undefined || row.status === null) {
    throw new TemperError('conflict', `the request with the Idempotency-Key '${key}' is still under way`, {
      details: { key },
    })
  }
  return { status: row.status, body: row.body }
}

export async function saveIdempotentAnswer(db: Db, request: IdempotentRequest, answer: StoredAnswer): Promise<void> {
  await db.update(idempotencyKeys).set(answer).where(isKey(request.principal, request.key))
}

/** After a failure that a repeat may mend. */
export async function releaseIdempotencyKey(db: Db, request: IdempotentRequest): Promise<void> {
  await db.delete(idempotencyKeys).where(isKey(request.principal, request.key))
}

/** Removes answers that are kept no longer. */
export async function removeOldIdempotencyKeys(db: Db): Promise<void> {
  await db.delete(idempotencyKeys).where(lt(idempotencyKeys.createdAt, new Date(Date.now() - answersKeptMs)))
}

function isKey(principal: string, key: string) {
  return and(eq(idempotencyKeys.principal, principal), eq(idempotencyKeys.key, key))
}
