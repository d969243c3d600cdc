import { fileURLToPath } from 'node:url'
import { serve } from '@hono/node-server'
import {
  listenForNotifications,
  listImports,
  listRuns,
  migrate,
  openDatabase,
  removeOldIdempotencyKeys,
} from '@temper/db/queries'
import { openFolderStore } from '@temper/db/storage'
import { pino } from 'pino'
import { createApp } from './app.ts'
import { readConfig } from './config.ts'
import type { Dependencies } from './dependencies.ts'
import { endWithParent } from './end-with-parent.ts'
import { cancelAbandonedImports } from './models/cancel-import.ts'
import { connectWorkflows } from './workflows.ts'

/** Of dataset uploads, which are read as they come in. */
const uploadLimits = { sentBytes: 256 * 1024 * 1024, unpackedBytes: 1024 * 1024 * 1024 }

const config = readConfig(process.env)
const log = pino({ level: config.logLevel, base: { part: 'api' } })
await migrate(config.databaseUrl)
const database = openDatabase(config.databaseUrl, { name: 'temper api' })
const deps: Dependencies = {
  db: database.db,
  notifications: await listenForNotifications(database.sql),
  store: await openFolderStore(config.store),
  workflows: connectWorkflows(config.temporalAddress),
  log,
  webUrl: config.webUrl,
  temporalUiUrl: config.temporalUiUrl,
  recipesFolder: fileURLToPath(new URL('../../../recipes', import.meta.url)),
  uploadLimits,
  modelBytes: config.modelBytes,
  serverTimeoutMs: config.serverTimeoutMs,
}
await removeOldIdempotencyKeys(deps.db)
const server = serve(
  {
    fetch: createApp(deps).fetch,
    hostname: config.host,
    port: config.port,
    // The files of a model may take hours to arrive; Node would cut them off after five minutes.
    serverOptions: { requestTimeout: 0 },
  },
  ({ address, port }) => log.info({ url: `http://${address}:${port}` }, 'the API answers'),
)
startQueued().catch((error: unknown) => log.warn({ err: error }, 'queued runs and imports were not started'))
cancelAbandonedImports(deps).catch((error: unknown) => log.warn({ err: error }, 'abandoned uploads were not removed'))

/** A run or import may have been written just before its process ended: its workflow is started now. */
async function startQueued(): Promise<void> {
  const queued = { limit: 200, states: ['queued' as const] }
  for (const run of (await listRuns(deps.db, queued)).items) await deps.workflows.startRun(run.id)
  for (const { id } of (await listImports(deps.db, queued)).items) await deps.workflows.startImport(id)
}

let isStopping = false
/** Ends open streams too: their readers come back with the last id they have seen. */
async function stop(reason: string): Promise<void> {
  if (isStopping) return
  isStopping = true
  log.info({ reason }, 'the API stops')
  server.close()
  if ('closeAllConnections' in server) server.closeAllConnections()
  await deps.workflows.close()
  await database.close()
  process.exit(0)
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(signal))
endWithParent(config.parentPid, () => void stop('the parent process is gone'))
