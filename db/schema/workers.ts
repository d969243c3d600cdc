import { integer, snakeCase, text } from 'drizzle-orm/pg-core'
import type { WorkerState } from '../contracts/index.ts'
import { createdAt, instant } from './column-types.ts'

/** Worker processes by their heartbeats. One that has not been seen for a while is gone. */
export const workers = snakeCase.table('workers', {
  /** Host, process id and start time: chosen by the worker. */
  id: text().primaryKey(),
  queue: text().notNull(),
  device: text().notNull(),
  host: text().notNull(),
  pid: integer().notNull(),
  state: text().$type<WorkerState>().notNull(),
  startedAt: createdAt(),
  lastSeenAt: instant().notNull(),
})
