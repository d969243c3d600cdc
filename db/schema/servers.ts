import { snakeCase, text } from 'drizzle-orm/pg-core'
import { createdAt, instant } from './column-types.ts'

/** Workers that answer completions now. One that has not been seen for a while is gone. */
export const servers = snakeCase.table('servers', {
  id: text().primaryKey(),
  /** Where it answers, for the API alone. */
  url: text().notNull(),
  /** What the API shows there; made anew for each server. */
  token: text().notNull(),
  startedAt: createdAt(),
  lastSeenAt: instant().notNull(),
})
