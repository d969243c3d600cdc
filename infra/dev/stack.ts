import { mkdirSync } from 'node:fs'
import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import { migrate } from '@temper/db/queries'
import { inRepository } from '../setup/places.mjs'
import { type Access, openAccess } from './access.ts'
import { beginDemo } from './demo.ts'
import { readEnvironment } from './environment.ts'
import { type Home, openHome } from './home.ts'
import { type ApplicationSettings, describeApi, describePipeline, describeWeb, localUrl } from './parts/applications.ts'
import { temporalUiLink } from './parts/temporal-ui-link.ts'
import { choosePorts, defaultPorts, type Ports } from './ports.ts'
import { Supervisor } from './processes/supervisor.ts'
import { startServiceParts } from './services.ts'

export type PartName = 'postgres' | 'temporal' | 'api' | 'web' | 'pipeline'

export interface StackOptions {
  /** Folder of the state; created if missing. */
  home: string
  /** Wanted ports; a taken one is replaced, 0 means any. The usual ones unless set. */
  ports?: Partial<Ports>
  /** Address that the API and the web app bind to; the rest is for this machine alone. 127.0.0.1 unless set. */
  host?: string
  /** Begin the quickstart run at the first start of this home. */
  demo: boolean
  /** Start the pipeline worker and its scaler. */
  workers: boolean
  /** Start the web app. True unless set. */
  web?: boolean
  log: (line: string) => void
}

export interface Stack extends Access {
  home: string
  apiUrl: string
  webUrl: string
  temporalAddress: string
  temporalUiUrl: string
  databaseUrl: string
  /** The quickstart run, where this start began it. */
  demoRunId: string | undefined
  /** Resolves with the reason when a part crashed too often. */
  gaveUp: Promise<Error>
  restart(name: PartName): Promise<void>
  /** Process number of a part, for tests that kill it. */
  pidOf(name: PartName): number
  stop(): Promise<void>
}

/**
 * Starts everything: Postgres and Temporal, then the API, the web app and the pipeline worker. `DATABASE_URL`,
 * `TEMPORAL_ADDRESS` and `TEMPER_STORE` each replace an embedded part. When a part cannot start, all stop again.
 * Throws `conflict` when the home is in use, `setup_failed` or `unavailable` with the end of the log of what failed.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const home = await openHome(options.home)
  if (home.healed.length > 0) options.log(`stopped what an earlier start had left running: ${home.healed.join(', ')}`)
  const supervisor = new Supervisor(home, options.log)
  const stop = async () => {
    await supervisor.stop()
    home.close()
  }
  try {
    const settings = await startParts(supervisor, home, options)
    const access = await openAccess(home.home, settings)
    const demoRunId = await beginDemo(home.home, { ...settings, ...access }, options.demo)
    const control = { restart: supervisor.restart.bind(supervisor), pidOf: supervisor.pidOf.bind(supervisor), stop }
    return { home: home.home, ...settings, ...access, demoRunId, gaveUp: supervisor.gaveUp, ...control }
  } catch (error) {
    await stop()
    throw error
  }
}

async function startParts(supervisor: Supervisor, home: Home, options: StackOptions): Promise<ApplicationSettings> {
  const environment = readEnvironment()
  const host = options.host ?? '127.0.0.1'
  const ports = await choosePorts({ ...defaultPorts, ...options.ports }, host, options.log)
  const embedded = [
    ...(environment.DATABASE_URL === undefined ? (['postgres'] as const) : []),
    ...(environment.TEMPORAL_ADDRESS === undefined ? (['temporal'] as const) : []),
  ]
  const services = await startServiceParts(supervisor, home, ports, embedded)
  const settings: ApplicationSettings = {
    host,
    databaseUrl: environment.DATABASE_URL ?? services.databaseUrl,
    temporalAddress: environment.TEMPORAL_ADDRESS ?? services.temporalAddress,
    temporalUiUrl: services.temporalUiUrl,
    temporalUiLink: temporalUiLink({ host, own: services.temporalUiUrl, given: environment.TEMPER_TEMPORAL_UI_URL }),
    storeFolder: privateFolder(environment.TEMPER_STORE ?? join(home.home, 'store')),
    workFolder: privateFolder(join(home.home, 'work')),
    apiPort: ports.api,
    apiUrl: localUrl(host, ports.api),
    webPort: ports.web,
    webUrl: `http://${host === '0.0.0.0' ? hostname() : host}:${ports.web}`,
  }
  // Before the applications, so that they can start side by side.
  await migrate(settings.databaseUrl)
  await Promise.all([
    supervisor.start(describeApi(settings, process.env)),
    options.web === false ? undefined : supervisor.start(describeWeb(settings, process.env)),
    options.workers ? supervisor.start(describePipeline(settings, process.env)) : undefined,
  ])
  return settings
}

function privateFolder(path: string): string {
  const folder = resolve(inRepository(), path)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  return folder
}
