import { sql as raw } from 'drizzle-orm'
import type { Sql } from 'postgres'
import type { Db } from './database.ts'

const channel = 'temper'

/** Tells every process that something about `id` changed. Delivered when the transaction commits, or never. */
export async function notify(db: Db, id: string): Promise<void> {
  await db.execute(raw`select pg_notify(${channel}, ${id})`)
}

export interface Notifications {
  /** Calls `wake` after each change of `id`, until the returned function is called. */
  subscribe(id: string, wake: () => void): () => void
  close(): Promise<void>
}

/**
 * One LISTEN connection a process, shared by all who wait. A notification only says "look again": after a lost connection
 * everyone is woken once, so nothing that was said meanwhile is missed.
 */
export async function listenForNotifications(sql: Sql): Promise<Notifications> {
  const waiting = new Map<string, Set<() => void>>()
  const wakeAll = () => {
    for (const wakes of waiting.values()) for (const wake of wakes) wake()
  }
  const wakeOne = (id: string) => {
    for (const wake of waiting.get(id) ?? []) wake()
  }
  const listener = await sql.listen(channel, wakeOne, wakeAll)
  return {
    subscribe(id, wake) {
      const wakes = waiting.get(id) ?? new Set()
      waiting.set(id, wakes.add(wake))
      return () => {
        wakes.delete(wake)
        if (wakes.size === 0 && waiting.get(id) === wakes) waiting.delete(id)
      }
    },
    close: () => listener.unlisten(),
  }
}
