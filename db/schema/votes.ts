import { sql } from 'drizzle-orm'
import { doublePrecision, index, integer, snakeCase, text, uniqueIndex } from 'drizzle-orm/pg-core'
import type { JudgedChoice } from '../contracts/index.ts'
import { createdAt, instant } from './column-types.ts'
import { comparisons } from './comparisons.ts'

/** What labelers said. The id comes from the client: a vote that is sent twice counts once. */
export const votes = snakeCase.table(
  'votes',
  {
    id: text().primaryKey(),
    comparisonId: text()
      .notNull()
      .references(() => comparisons.id, { onDelete: 'cascade' }),
    /** Id of a member, or `simulated:<name>`. */
    labeler: text().notNull(),
    /** In terms of a and b, whatever sides the labeler saw. */
    choice: text().$type<JudgedChoice>().notNull(),
    /** 1 better, 2 clearly better, 3 much better. */
    strength: integer().notNull(),
    /** From seeing the comparison to the vote. */
    seconds: doublePrecision().notNull(),
    note: text().notNull(),
    createdAt: createdAt(),
    /** Taken back. The row stays, so that a late repeat of the request does not bring the vote back. */
    undoneAt: instant(),
  },
  (table) => [
    // One standing vote a labeler and comparison.
    uniqueIndex('votes_one_per_labeler').on(table.comparisonId, table.labeler).where(sql`${table.undoneAt} is null`),
    // A labeler's own count, and undoing the newest.
    index().on(table.labeler, table.createdAt),
  ],
)
