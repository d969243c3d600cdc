import { migrate, openDatabase } from '@temper/db/queries'
import { openFolderStore } from '@temper/db/storage'
import { NativeConnection, Runtime } from '@temporalio/worker'
import { type Logger, pino } from 'pino'
import type { Environment } from './environment.ts'

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

/** The SDK's own messages, from warnings on: at lower levels it speaks of every task. */
function logTemporalWith(log: Logger): void {
  const write = (level: 'debug' | 'info' | 'warn' | 'error') => (message: string, meta?: object) =>
    log[level](meta ?? {}, message)
  Runtime.install({
    logger: {
      log: (level, message, meta) => {
        if (level === 'WARN') log.warn(meta ?? {}, message)
        if (level === 'ERROR') log.error(meta ?? {}, message)
      },
      trace: () => undefined,
      debug: () => undefined,
      info: () => undefined,
      warn: write('warn'),
      error: write('error'),
    },
    shutdownSignals: [],
    telemetryOptions: { logging: { filter: 'ERROR', forward: {} } },
  })
}
