import { setTimeout as delay } from 'node:timers/promises'
import type { ImportProgress } from '@temper/db/contracts'
import { type Db, showImportProgress } from '@temper/db/queries'

/** People see no more than a few changes a second. */
const pauseMs = 200

/** Writes the newest progress whenever the one before is written. */
export function reportImportProgress(db: Db, importId: string) {
  let newest: ImportProgress | undefined
  let writing: Promise<void> | undefined
  const write = async () => {
    for (let next = newest; next; next = newest) {
      newest = undefined
      await showImportProgress(db, importId, next)
      await delay(pauseMs)
    }
    writing = undefined
  }
  return {
    show(progress: ImportProgress) {
      newest = progress
      writing ??= write()
      // Reported by `settle`.
      writing.catch(() => undefined)
    },
    settle: async () => writing,
  }
}
