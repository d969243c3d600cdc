import { index, snakeCase, text } from 'drizzle-orm/pg-core'
import { createdAt, digest, instant } from './column-types.ts'
import { members } from './members.ts'

/** Signed-in browsers. The cookie holds the token, the table its hash. */
export const sessions = snakeCase.table(
  'sessions',
  {
    tokenHash: digest().primaryKey(),
    memberId: text()
      .notNull()
      .references(() => members.id, { onDelete: 'cascade' }),
    expiresAt: instant().notNull(),
    createdAt: createdAt(),
  },
  // Removing a member removes their sessions.
  (table) => [index().on(table.memberId)],
)
