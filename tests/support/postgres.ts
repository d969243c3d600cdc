import { type Database, migrate, openDatabase } from '@temper/db/queries'
import { createTemporaryHome, removeHome, startServices } from '@temper/infra/dev'

export interface TestDatabase extends Database {
  readonly url: string
  /** As after a crash: every connection breaks. */
  restart(): Promise<void>
  /** Closes the connections, stops the server and removes its folder. */
  stop(): Promise<void>
}

/** A real Postgres server with the project's tables, for one test file. Up in about a second. */
export async function startTestDatabase(): Promise<TestDatabase> {
  const home = createTemporaryHome()
  const services = await startServices({ home, only: ['postgres'] })
  await migrate(services.databaseUrl)
  const database = openDatabase(services.databaseUrl)
  const stop = async () => {
    await database.close()
    await services.stop()
    removeHome(home)
  }
  return { ...database, url: services.databaseUrl, restart: () => services.restart('postgres'), stop }
}
