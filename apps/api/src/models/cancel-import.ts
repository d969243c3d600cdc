import { endImport, getImport, listImports, removeImportFiles } from '@temper/db/queries'
import type { Dependencies } from '../dependencies.ts'

type Needs = Pick<Dependencies, 'db' | 'store' | 'workflows'>

/** Stops an import that is not over; what was sent for it goes here, what was fetched goes with its workflow. */
export async function cancelImport({ db, store, workflows }: Needs, id: string): Promise<void> {
  const { state } = await getImport(db, id)
  if (state === 'done' || state === 'failed') return
  await endImport(db, id, { state: 'cancelled', failure: { code: 'cancelled', message: 'Stopped', details: {} } })
  if (state === 'uploading') await removeImportFiles(db, store, id)
  else await workflows.cancelImport(id)
}

/** An upload that nobody goes on with for this long is given up. */
const abandonedAfterMs = 7 * 24 * 3600 * 1000

/** Stops imports whose files were never sent to the end. */
export async function cancelAbandonedImports(deps: Needs): Promise<void> {
  const createdBefore = new Date(Date.now() - abandonedAfterMs)
  const { items } = await listImports(deps.db, { limit: 200, states: ['uploading'], createdBefore })
  for (const { id } of items) await cancelImport(deps, id)
}
