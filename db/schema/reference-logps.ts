import { index, snakeCase, text } from 'drizzle-orm/pg-core'
import { createdAt, digest } from './column-types.ts'

/** Log-probs of a frozen policy on judged pairs, which every dpo stage on the same data and model shares. */
export const referenceLogps = snakeCase.table(
  'reference_logps',
  {
    /** Digest of all that decides the numbers. */
    key: digest().primaryKey(),
    sha256: text().notNull(),
    createdAt: createdAt(),
  },
  (table) => [
    // Before bytes are removed: does a key still name them?
    index().on(table.sha256),
  ],
)
