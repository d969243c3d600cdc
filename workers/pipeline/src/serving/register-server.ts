import { randomUUID } from 'node:crypto'
import { type Db, heartbeatServer, removeServer } from '@temper/db/queries'

const everyMs = 3_000

/** Shows a server to the API until the returned function is called. `onError` hears of a database that does not answer. */
export async function registerServer(
  db: Db,
  address: { url: string; token: string },
  onError: (error: unknown) => void,
): Promise<() => Promise<void>> {
  const server = { id: randomUUID(), ...address }
  await heartbeatServer(db, server)
  let beat = Promise.resolve()
  const timer = setInterval(() => {
    beat = beat.then(() => heartbeatServer(db, server)).catch(onError)
  }, everyMs)
  return async () => {
    clearInterval(timer)
    // One under way would write the row again.
    await beat
    await removeServer(db, server.id).catch(onError)
  }
}
