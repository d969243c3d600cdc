import { migrate, openDatabase } from '@temper/db/queries'
import { openFolderStore } from '@temper/db/storage'
import { NativeConnection } from '@temporalio/worker'
import { type Logger, pino } from 'pino'
import type { Environment } from './environment.ts'
import { logTemporalWith } from './log-temporal.ts'

/** What both worker processes need of the world. */
export interface Services {
  db: ReturnType<typeof openDatabase>['db']
  store: Awaited<ReturnType<typeof openFolderStore>>
  temporal: NativeConnection
  log: Logger
  close(): Promise<void>
}

/** Connects to database, store and Temporal, and brings the tables up to date. */
export async function connectServices(environment: Environment, part: string): Promise<Services> {
  const log = pino({
    level: environment.TEMPER_LOG_LEVEL,
    base: { part },
    serializers: { error: pino.stdSerializers.err },
  })
  logTemporalWith(log)
  await migrate(environment.DATABASE_URL)
  const database = openDatabase(environment.DATABASE_URL, { name: `temper ${part}` })
  const temporal = await NativeConnection.connect({ address: environment.TEMPORAL_ADDRESS })
  const store = await openFolderStore(environment.TEMPER_STORE)
  const close = async () => {
    await temporal.close()
    await database.close()
  }
  return { db: database.db, store, temporal, log, close }
}
