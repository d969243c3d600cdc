import { index, snakeCase, text } from 'drizzle-orm/pg-core'
import type { Scope } from '../contracts/index.ts'
import { createdAt, digest, instant } from './column-types.ts'
import { members } from './members.ts'

/** Keys of programs. The secret is shown once, when a key is made; the table keeps its hash. */
export const apiKeys = snakeCase.table(
  'api_keys',
  {
    id: text().primaryKey(),
    memberId: text()
      .notNull()
      .references(() => members.id, { onDelete: 'cascade' }),
    name: text().notNull(),
    scopes: text().$type<Scope>().array().notNull(),
    /** Every request finds its key by this. */
    secretHash: digest().notNull().unique(),
    /** First characters of the secret, to tell keys apart. */
    preview: text().notNull(),
    createdAt: createdAt(),
    lastUsedAt: instant(),
  },
  // A member's keys are listed, and go with the member.
  (table) => [index().on(table.memberId)],
)
