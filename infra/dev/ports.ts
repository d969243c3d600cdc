import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'
import { TemperError } from '@temper/db/contracts'

export const defaultPorts = { web: 3000, api: 4000, temporal: 7233, temporalUi: 8233, postgres: 5433 }
export type PortName = keyof typeof defaultPorts
export type Ports = Record<PortName, number>

/**
 * Below the ports that systems give to outgoing connections, and to servers that ask for any: one of those could be
 * taken again before the part that it was chosen for binds it.
 */
const anyOf = [10_000, 32_000] as const

/** Any free port for every part: what tests ask for. */
export const anyPorts: Ports = { web: 0, api: 0, temporal: 0, temporalUi: 0, postgres: 0 }

/** What `--host` offers; the rest is for this machine alone. */
const offered: readonly PortName[] = ['web', 'api']

/**
 * The wanted ports, each replaced by the next free one where it is taken; 0 asks for any.
 * `log` hears of every replacement.
 */
export async function choosePorts(wanted: Ports, host: string, log: (line: string) => void): Promise<Ports> {
  const chosen = new Map<PortName, number>()
  for (const [name, port] of Object.entries(wanted) as [PortName, number][]) {
    const address = offered.includes(name) ? host : '127.0.0.1'
    const free = await firstFree(port, address, [...chosen.values()])
    if (port !== 0 && free !== port) log(`port ${port} for ${name} is taken: using ${free}`)
    chosen.set(name, free)
  }
  return Object.fromEntries(chosen) as Ports
}

async function firstFree(port: number, host: string, taken: number[]): Promise<number> {
  for (let tried = 0; tried < 200; tried++) {
    const candidate = port === 0 ? randomInt(...anyOf) : port + tried
    if (!taken.includes(candidate) && (await isFree(candidate, host))) return candidate
  }
  throw new TemperError('unavailable', port === 0 ? 'no free port' : `no free port between ${port} and ${port + 199}`)
}

/** Binds and lets go again. */
function isFree(port: number, host: string): Promise<boolean> {
  const server = createServer()
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' || error.code === 'EACCES' ? resolve(false) : reject(error),
    )
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)))
  })
}
