import { fileURLToPath } from 'node:url'
import { serve } from '@hono/node-server'
import { listenForNotifications, listRuns, migrate, openDatabase, removeOldIdempotencyKeys } from '@temper/db/queries'
import { openFolderStore } from '@temper/db/storage'
import { pino } from 'pino'
import { createApp } from './app.ts'
import { readConfig } from './config.ts'
import type { Dependencies } from './dependencies.ts'
import { endWithParent } from './end-with-parent.ts'
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
}
await removeOldIdempotencyKeys(deps.db)
const server = serve({ fetch: createApp(deps).fetch, hostname: config.host, port: config.port }, ({ address, port }) =>
  log.info({ url: `http://${address}:${port}` }, 'the API answers'),
)
startQueuedRuns().catch((error: unknown) => log.warn({ err: error }, 'queued runs were not started'))

/** A run may have been written just before its process ended: its workflow is started now. */
async function startQueuedRuns(): Promise<void> {
  const { items } = await listRuns(deps.db, { limit: 200, states: ['queued'] })
  for (const run of items) await deps.workflows.startRun(run.id)
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
