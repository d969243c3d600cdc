import { setTimeout as delay } from 'node:timers/promises'
import type { ImportProgress } from '@temper/db/contracts'
import { type Db, showImportProgress } from '@temper/db/queries'
import { Context } from '@temporalio/activity'
import { writeNewest } from './write-newest.ts'

/** People see no more than a few changes a second. */
const pauseMs = 200

/** Shows how far an import is, as well as the database lets it. */
export function reportImportProgress(db: Db, importId: string) {
  const { log } = Context.current()
  const write = async (progress: ImportProgress) => {
    await showImportProgress(db, importId, progress)
    await delay(pauseMs)
  }
  return writeNewest(write, (error) => log.warn('the progress of an import was not shown', { importId, error }))
}
