import { mkdir, readdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { endedImportStates, toTemperError } from '@temper/db/contracts'
import { type Db, getImport } from '@temper/db/queries'

/** Removes what a worker that was killed left of imports that are over; the others go on with what they have here. */
export async function removeEndedImports(db: Db, importsDir: string): Promise<void> {
  await mkdir(importsDir, { recursive: true })
  for (const id of await readdir(importsDir)) {
    if (await isOver(db, id)) await rm(path.join(importsDir, id), { recursive: true, force: true })
  }
}

async function isOver(db: Db, id: string): Promise<boolean> {
  try {
    return endedImportStates.includes((await getImport(db, id)).state)
  } catch (error) {
    // The folder of another database, which was deleted.
    if (toTemperError(error).code === 'not_found') return true
    throw error
  }
}
