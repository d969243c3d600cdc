import { existsSync } from 'node:fs'
import { TemperError, taskQueues } from '@temper/db/contracts'
import { inRepository } from '../../setup/places.mjs'
import type { PartSpec } from '../processes/managed-process.ts'
import { hasPoller } from './temporal-client.ts'

/** What the applications of a stack are told. Addresses are as other processes of this machine reach them. */
export interface ApplicationSettings {
  host: string
  databaseUrl: string
  temporalAddress: string
  /** Of this machine alone; empty where ours is not started. */
  temporalUiUrl: string
  /** Where pages link to for it; undefined for nowhere. */
  temporalUiLink: string | undefined
  storeFolder: string
  workFolder: string
  apiPort: number
  apiUrl: string
  webPort: number
  webUrl: string
}

type Environment = Record<string, string | undefined>

/** What every program of ours needs to reach the others. */
function sharedEnvironment(settings: ApplicationSettings, inherited: Environment): Environment {
  return {
    ...inherited,
    DATABASE_URL: settings.databaseUrl,
    TEMPORAL_ADDRESS: settings.temporalAddress,
    TEMPER_STORE: settings.storeFolder,
    TEMPER_WEB_URL: settings.webUrl,
    TEMPER_PARENT_PID: `${process.pid}`,
  }
}

export function describeApi(settings: ApplicationSettings, inherited: Environment): PartSpec {
  const env = {
    ...sharedEnvironment(settings, inherited),
    TEMPER_HOST: settings.host,
    TEMPER_API_PORT: `${settings.apiPort}`,
    TEMPER_TEMPORAL_UI_URL: settings.temporalUiLink,
  }
  return nodeProgram('api', 1, typescript('apps/api/src/main.ts'), env, () => answersOk(`${settings.apiUrl}/healthz`))
}

/** Throws `setup_failed` when the web app is not built. */
export function describeWeb(settings: ApplicationSettings, inherited: Environment): PartSpec {
  const env = {
    ...inherited,
    NODE_ENV: 'production',
    PORT: `${settings.webPort}`,
    HOSTNAME: settings.host,
    TEMPER_API_URL: settings.apiUrl,
  }
  const server = inRepository('apps/web/.next/standalone/apps/web/server.js')
  if (!existsSync(server)) throw new TemperError('setup_failed', 'the web app is not built; run: npm run setup')
  return nodeProgram('web', 2, [server], env, () => answersOk(`${localUrl(settings.host, settings.webPort)}/healthz`))
}

/** Workflows, light activities and the scaler that starts and stops the engine workers. */
export function describePipeline(settings: ApplicationSettings, inherited: Environment): PartSpec {
  const env = { ...sharedEnvironment(settings, inherited), TEMPER_WORK_DIR: settings.workFolder }
  const { temporalAddress } = settings
  const isReady = async (startedAtMs: number) =>
    (await hasPoller(temporalAddress, taskQueues.pipeline, 'workflow', startedAtMs)) &&
    (await hasPoller(temporalAddress, taskQueues.cpu, 'activity', startedAtMs))
  return {
    ...nodeProgram('pipeline', 2, typescript('workers/pipeline/src/main.ts'), env, isReady),
    stopGraceMs: 20_000,
  }
}

/** Arguments by which Node runs a TypeScript file of this repository. */
function typescript(file: string): string[] {
  return ['--import', 'tsx', inRepository(file)]
}

/** Where a server that is bound to `host` is reached from this machine. */
export function localUrl(host: string, port: number): string {
  return `http://${host === '0.0.0.0' ? '127.0.0.1' : host}:${port}`
}

function nodeProgram(
  name: string,
  order: number,
  args: string[],
  env: Environment,
  isReady: PartSpec['isReady'],
): PartSpec {
  const ending = { stopSignal: 'SIGTERM', stopGraceMs: 10_000 } as const
  return {
    name,
    order,
    command: process.execPath,
    args,
    cwd: inRepository(),
    env,
    ...ending,
    isReady,
    readyTimeoutMs: 90_000,
  }
}

async function answersOk(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(5_000), redirect: 'manual' })).ok
  } catch (error) {
    // How fetch reports that nothing listens yet, or that the answer takes too long.
    if (error instanceof TypeError || (error instanceof DOMException && error.name === 'TimeoutError')) return false
    throw error
  }
}
