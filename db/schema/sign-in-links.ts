import { snakeCase, text } from 'drizzle-orm/pg-core'
import { digest, instant } from './column-types.ts'
import { members } from './members.ts'

/** One-time links. Only the hash of the token is kept, so a stolen database signs nobody in. */
export const signInLinks = snakeCase.table('sign_in_links', {
  tokenHash: digest().primaryKey(),
  memberId: text()
    .notNull()
    .references(() => members.id, { onDelete: 'cascade' }),
  expiresAt: instant().notNull(),
  /** Set by the first use; a second use is refused. */
  usedAt: instant(),
})
