import { inArray, sql } from 'drizzle-orm'
import { checkpointFiles, datasets, evaluations, importFiles, referenceLogps, stageRuns } from '../schema/index.ts'
import type { ArtifactStore } from '../storage/index.ts'
import type { Db } from './database.ts'
import { owningStore } from './store-lock.ts'

/**
 * Those of the digests that nothing names any more: no checkpoint, import, dataset, reference or evaluation, no result of a
 * stage.
 */
export async function unusedFiles(db: Db, sha256s: readonly string[]): Promise<string[]> {
  const digests = [...new Set(sha256s)]
  if (digests.length === 0) return []
  const named = await Promise.all(
    [checkpointFiles, importFiles, datasets, referenceLogps, evaluations].map((table) =>
      db.select({ sha256: table.sha256 }).from(table).where(inArray(table.sha256, digests)),
    ),
  )
  const used = new Set(named.flat().map(({ sha256 }) => sha256))
  const results = await resultsWith(db, digests)
  return digests.filter((sha256) => !used.has(sha256) && !results.some((result) => result.includes(sha256)))
}

/** Results of stages, as text, that hold one of the digests. */
async function resultsWith(db: Db, digests: string[]): Promise<string[]> {
  const result = sql<string>`${stageRuns.result}::text`
  const rows = await db
    .select({ result })
    .from(stageRuns)
    .where(sql`${result} ~ ${digests.join('|')}`)
  return rows.map((row) => row.result)
}

/** Removes bytes that were put into the store, as far as nothing names them. Not for use inside a transaction. */
export async function removeUnusedFiles(
  db: Db,
  store: Pick<ArtifactStore, 'remove'>,
  sha256s: readonly string[],
): Promise<void> {
  if (sha256s.length === 0) return
  await owningStore(db, async () => {
    for (const sha256 of await unusedFiles(db, sha256s)) await store.remove(sha256)
  })
}
