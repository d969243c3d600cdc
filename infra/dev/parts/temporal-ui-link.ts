import { BlockList, isIPv4, isIPv6 } from 'node:net'

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

interface LinkOptions {
  /** Address that the web app is bound to. */
  host: string
  /** Address of our own UI, which is for this machine alone; empty where there is none. */
  own: string
  /** What the operator says: where people reach a UI, maybe behind a proxy that asks them to sign in. */
  given: string | undefined
}

/** Where the pages link to for Temporal's UI. Undefined where a visitor may be at a machine that does not reach it. */
export function temporalUiLink({ host, own, given }: LinkOptions): string | undefined {
  return given ?? ((isLoopback(host) && own) || undefined)
}

function isLoopback(host: string): boolean {
  if (host === 'localhost') return true
  return (isIPv4(host) && loopback.check(host, 'ipv4')) || (isIPv6(host) && loopback.check(host, 'ipv6'))
}
