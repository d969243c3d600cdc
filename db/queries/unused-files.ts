import { inArray } from 'drizzle-orm'
import { checkpointFiles, importFiles } from '../schema/index.ts'
import type { ArtifactStore } from '../storage/index.ts'
import type { Db } from './database.ts'
import { owningStore } from './store-lock.ts'

/** Those of the digests that no checkpoint and no import names any more. */
export async function unusedFiles(db: Db, sha256s: readonly string[]): Promise<string[]> {
  const digests = [...new Set(sha256s)]
  if (digests.length === 0) return []
  const [ofCheckpoints, ofImports] = await Promise.all(
    [checkpointFiles, importFiles].map((files) =>
      db.select({ sha256: files.sha256 }).from(files).where(inArray(files.sha256, digests)),
    ),
  )
  const used = new Set([...(ofCheckpoints ?? []), ...(ofImports ?? [])].map(({ sha256 }) => sha256))
  return digests.filter((sha256) => !used.has(sha256))
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
