import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestDatabase, type TestDatabase } from '../../tests/support/postgres.ts'
import { openDatabase } from './database.ts'
import { ping } from './ping.ts'

/** The first byte of a message with a query's text: parse, or simple query. */
const queries = ['P', 'Q'].map((letter) => letter.charCodeAt(0))

let server: TestDatabase
let proxy: Server
let isCut = true
beforeAll(async () => {
  server = await startTestDatabase()
  const { hostname, port } = new URL(server.url)
  proxy = createServer((client) => {
    const upstream = connect(Number(port), hostname)
    const end = () => {
      client.resetAndDestroy()
      upstream.destroy()
    }
    for (const side of [client, upstream]) side.on('error', end).on('close', end)
    upstream.pipe(client)
    client.on('data', (bytes) => (isCut && queries.includes(bytes[0] ?? 0) ? end() : upstream.write(bytes)))
  }).listen(0, '127.0.0.1')
  await once(proxy, 'listening')
})
afterAll(async () => {
  proxy.close()
  await server.stop()
})

it('whose server ends at the first query rejects that query and nothing else, and works afterwards', async () => {
  const url = Object.assign(new URL(server.url), { port: String((proxy.address() as AddressInfo).port) })
  const { db, close } = openDatabase(url.href, { max: 1 })
  await expect(ping(db)).rejects.toMatchObject({ code: 'unavailable' })
  isCut = false
  await ping(db)
  await close()
})
