import { openHome } from './home.ts'
import { preparePostgres } from './parts/postgres.ts'
import { describeTemporal, type TemporalOptions } from './parts/temporal.ts'
import { anyPorts, choosePorts, type Ports } from './ports.ts'
import type { StackIdentity } from './processes/managed-process.ts'
import { Supervisor } from './processes/supervisor.ts'

export type ServiceName = 'postgres' | 'temporal'

export interface Services {
  databaseUrl: string
  temporalAddress: string
  temporalUiUrl: string
  restart(name: ServiceName): Promise<void>
  /** Process number of a part, for tests that kill it. */
  pidOf(name: ServiceName): number
  stop(): Promise<void>
}

export interface ServiceOptions {
  home: string
  /** Which to start; both unless set. The address of one that is left out is empty. */
  only?: readonly ServiceName[]
  ports?: Partial<Ports>
  temporalLimits?: TemporalOptions['limits']
  log?: (line: string) => void
}

/** Postgres and Temporal alone, for tests and tools that bring their own application. */
export async function startServices(options: ServiceOptions): Promise<Services> {
  const log = options.log ?? (() => undefined)
  const home = await openHome(options.home)
  const supervisor = new Supervisor(home, log)
  const stop = async () => {
    await supervisor.stop()
    home.close()
  }
  try {
    const ports = await choosePorts({ ...anyPorts, ...options.ports }, '127.0.0.1', log)
    const addresses = await startServiceParts(
      supervisor,
      home,
      ports,
      options.only ?? ['postgres', 'temporal'],
      options,
    )
    return { ...addresses, restart: (name) => supervisor.restart(name), pidOf: (name) => supervisor.pidOf(name), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Starts the named services side by side and says where they are. */
export async function startServiceParts(
  supervisor: Supervisor,
  { home }: StackIdentity,
  ports: Ports,
  names: readonly ServiceName[],
  { temporalLimits: limits }: Pick<ServiceOptions, 'temporalLimits'> = {},
): Promise<Pick<Services, 'databaseUrl' | 'temporalAddress' | 'temporalUiUrl'>> {
  const startPostgres = async () => {
    const server = await preparePostgres(home, ports.postgres)
    await supervisor.start(server.spec)
    return server.url
  }
  const startTemporal = () => {
    const { temporal: port, temporalUi: uiPort } = ports
    return supervisor.start(describeTemporal(home, { port, uiPort, limits }))
  }
  const withTemporal = names.includes('temporal')
  const [databaseUrl] = await Promise.all([
    names.includes('postgres') ? startPostgres() : '',
    withTemporal ? startTemporal() : undefined,
  ])
  return {
    databaseUrl,
    temporalAddress: withTemporal ? `127.0.0.1:${ports.temporal}` : '',
    temporalUiUrl: withTemporal ? `http://127.0.0.1:${ports.temporalUi}` : '',
  }
}
