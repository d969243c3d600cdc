import { eq } from 'drizzle-orm'
import { referenceLogps } from '../schema/index.ts'
import type { Db } from './database.ts'

/** Digest of the log-probs that were kept under a key. */
export async function findReferenceLogps(db: Db, key: string): Promise<string | undefined> {
  const [row] = await db.select().from(referenceLogps).where(eq(referenceLogps.key, key))
  return row?.sha256
}

/** Keeps the newest for a key: what was there before did not fit. */
export async function keepReferenceLogps(db: Db, key: string, sha256: string): Promise<void> {
  const row = { key, sha256 }
  await db.insert(referenceLogps).values(row).onConflictDoUpdate({ target: referenceLogps.key, set: row })
}
