import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { anyPorts, choosePorts, type Ports } from './ports.ts'

let server: Server | undefined

afterEach(() => server?.close())

async function occupyAnyPort(): Promise<number> {
  server = createServer().listen({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  const address = server.address()
  return address !== null && typeof address === 'object' ? address.port : 0
}

describe('choosePorts', () => {
  test('replaces a taken port by a later free one and says so', async () => {
    const taken = await occupyAnyPort()
    const log = vi.fn()
    const { web } = await choosePorts({ ...anyPorts, web: taken }, '127.0.0.1', log)
    expect(web).toBeGreaterThan(taken)
    expect(log.mock.calls).toEqual([[`port ${taken} for web is taken: using ${web}`]])
  })

  test('looks at the offered host for web and API, and at this machine for the rest', async () => {
    const taken = await occupyAnyPort()
    const chosenFor = (wanted: Partial<Ports>) => choosePorts({ ...anyPorts, ...wanted }, '127.0.0.2', () => undefined)
    expect((await chosenFor({ web: taken })).web).toBe(taken)
    expect((await chosenFor({ postgres: taken })).postgres).toBeGreaterThan(taken)
  })

  test('never gives two parts the same port', async () => {
    const free = await occupyAnyPort()
    await new Promise((resolve) => server?.close(resolve))
    const chosen = await choosePorts({ ...anyPorts, web: free, api: free }, '127.0.0.1', () => undefined)
    expect(new Set(Object.values(chosen)).size).toBe(5)
  })
})
