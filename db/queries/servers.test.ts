import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestDatabase, type TestDatabase } from '../../tests/support/postgres.ts'
import { listenForNotifications, type Notifications } from './notifications.ts'
import { findServer, heartbeatServer, removeServer, serversTopic } from './servers.ts'

let database: TestDatabase
let notifications: Notifications
let woken = 0
beforeAll(async () => {
  database = await startTestDatabase()
  notifications = await listenForNotifications(database.sql)
  notifications.subscribe(serversTopic, () => (woken += 1))
})
afterAll(async () => {
  await notifications.close()
  await database.stop()
})
const server = (id: string) => ({ id, url: `http://127.0.0.1/${id}`, token: `token of ${id}` })

it('finds the newest server, and wakes those who wait once for each', async () => {
  expect(await findServer(database.db)).toBeUndefined()
  await heartbeatServer(database.db, server('first'))
  await heartbeatServer(database.db, server('second'))
  await heartbeatServer(database.db, server('first'))
  expect(await findServer(database.db)).toEqual(server('second'))
  await removeServer(database.db, 'second')
  expect(await findServer(database.db)).toEqual(server('first'))
  await expect.poll(() => woken).toBe(2)
})

it('offers no server that was not heard of for a while', async () => {
  await database.db.execute(sql`update servers set last_seen_at = now() - interval '16 seconds'`)
  expect(await findServer(database.db)).toBeUndefined()
  await heartbeatServer(database.db, server('first'))
  expect(await findServer(database.db)).toEqual(server('first'))
})
