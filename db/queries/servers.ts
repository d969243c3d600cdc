import { desc, eq, gt, sql } from 'drizzle-orm'
import { servers } from '../schema/index.ts'
import type { Db } from './database.ts'
import { notify } from './notifications.ts'

export interface CompletionServerAddress {
  id: string
  url: string
  token: string
}

/** What notifications name when a server has come. */
export const serversTopic = 'servers'

/** A server that was not heard of for this long is gone. */
const goneAfterSeconds = 15

/** Says that the server answers, and wakes those who wait for one when it is new. */
export async function heartbeatServer(db: Db, server: CompletionServerAddress): Promise<void> {
  const now = new Date()
  await db.transaction(async (tx) => {
    const [row] = await tx
      .insert(servers)
      .values({ ...server, startedAt: now, lastSeenAt: now })
      .onConflictDoUpdate({ target: servers.id, set: { lastSeenAt: now } })
      .returning({ startedAt: servers.startedAt })
    if (row?.startedAt.getTime() === now.getTime()) await notify(tx, serversTopic)
  })
}

export async function removeServer(db: Db, id: string): Promise<void> {
  await db.delete(servers).where(eq(servers.id, id))
}

/** The newest server that lives. */
export async function findServer(db: Db): Promise<CompletionServerAddress | undefined> {
  const [server] = await db
    .select({ id: servers.id, url: servers.url, token: servers.token })
    .from(servers)
    .where(gt(servers.lastSeenAt, sql`now() - make_interval(secs => ${goneAfterSeconds})`))
    .orderBy(desc(servers.startedAt))
    .limit(1)
  return server
}
