import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestDatabase, type TestDatabase } from '../../tests/support/postgres.ts'
import { type Database, openDatabase } from './database.ts'
import { ping } from './ping.ts'
import { owningStore, sharingStore } from './store-lock.ts'

let server: TestDatabase
let database: Database
beforeAll(async () => {
  server = await startTestDatabase()
  database = openDatabase(server.url, { max: 2 })
})
afterAll(async () => {
  await database.close()
  await server.stop()
})

it('lets more of them work at once than there are connections', async () => {
  const shared = Array.from({ length: 5 }, () => sharingStore(database.db, () => ping(database.db)))
  const alone = owningStore(database.db, () => ping(database.db))
  await expect(Promise.all([...shared, alone])).resolves.toHaveLength(6)
})

it('is refused inside a transaction, whose rows others would not see yet', async () => {
  const inside = database.db.transaction((tx) => sharingStore(tx, async () => undefined))
  await expect(inside).rejects.toMatchObject({ code: 'internal' })
})
