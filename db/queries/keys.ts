import { and, asc, eq, sql } from 'drizzle-orm'
import { type ApiKey, type Member, newId, type Scope, TemperError } from '../contracts/index.ts'
import { apiKeys, members } from '../schema/index.ts'
import type { Db } from './database.ts'
import { hashSecret, newSecret } from './secrets.ts'

/** Makes a key. The secret is in this answer and nowhere else. */
export async function createKey(
  db: Db,
  input: { memberId: string; name: string; scopes: Scope[] },
): Promise<{ key: ApiKey; secret: string }> {
  const secret = newSecret('temper_key')
  const [row] = await db
    .insert(apiKeys)
    .values({ ...input, id: newId('key'), secretHash: hashSecret(secret), preview: secret.slice(0, 17) })
    .returning()
  if (row === undefined) throw new TemperError('internal', 'INSERT … RETURNING gave no row')
  return { key: toKey(row), secret }
}

/** The key with this secret and its member; notes the use, to the minute. */
export async function findKey(db: Db, secret: string): Promise<{ key: ApiKey; member: Member } | undefined> {
  const [row] = await db
    .select({ key: apiKeys, member: members })
    .from(apiKeys)
    .innerJoin(members, eq(members.id, apiKeys.memberId))
    .where(eq(apiKeys.secretHash, hashSecret(secret)))
  if (row === undefined) return undefined
  // A write for every request would cost more than the minute is worth.
  const isStale = sql`coalesce(${apiKeys.lastUsedAt} < now() - interval '1 minute', true)`
  await db
    .update(apiKeys)
    .set({ lastUsedAt: new Date() })
    .where(and(eq(apiKeys.id, row.key.id), isStale))
  return { key: toKey(row.key), member: { ...row.member, createdAt: row.member.createdAt.toISOString() } }
}

/** A member's keys, oldest first. */
export async function listKeys(db: Db, memberId: string): Promise<ApiKey[]> {
  const rows = await db
    .select()
    .from(apiKeys)
    .where(eq(apiKeys.memberId, memberId))
    .orderBy(asc(apiKeys.createdAt), asc(apiKeys.id))
  return rows.map(toKey)
}

/** Throws `not_found`, also for another member's key. */
export async function deleteKey(db: Db, memberId: string, id: string): Promise<void> {
  const deleted = await db
    .delete(apiKeys)
    .where(and(eq(apiKeys.id, id), eq(apiKeys.memberId, memberId)))
    .returning({ id: apiKeys.id })
  if (deleted.length === 0)
    throw new TemperError('not_found', `no key of yours has the id '${id}'`, { details: { id } })
}

function toKey(row: typeof apiKeys.$inferSelect): ApiKey {
  const { id, name, scopes, preview, createdAt, lastUsedAt } = row
  return {
    id,
    name,
    scopes,
    preview,
    createdAt: createdAt.toISOString(),
    lastUsedAt: lastUsedAt?.toISOString() ?? null,
  }
}
