import { index, integer, jsonb, primaryKey, snakeCase, text } from 'drizzle-orm/pg-core'
import { createdAt, digest } from './column-types.ts'

/** Answers to POSTs that carried an `Idempotency-Key`, given again when the request is repeated. */
export const idempotencyKeys = snakeCase.table(
  'idempotency_keys',
  {
    /** Key or member: two principals may choose the same key. */
    principal: text().notNull(),
    key: text().notNull(),
    /** Of method, path and body: the same key for another request is an error. */
    requestHash: digest().notNull(),
    /** Null while the first request is under way. */
    status: integer(),
    body: jsonb().$type<unknown>(),
    createdAt: createdAt(),
  },
  // Old ones are removed by age.
  (table) => [primaryKey({ columns: [table.principal, table.key] }), index().on(table.createdAt)],
)
