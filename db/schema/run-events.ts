import { integer, jsonb, primaryKey, snakeCase, text, unique } from 'drizzle-orm/pg-core'
import type { RunEventKind } from '../contracts/index.ts'
import { createdAt } from './column-types.ts'
import { runs } from './runs.ts'

/** What happened in a run. Numbers are gapless and become visible in order, so a reader that stopped at n goes on at n + 1. */
export const runEvents = snakeCase.table(
  'run_events',
  {
    runId: text()
      .notNull()
      .references(() => runs.id, { onDelete: 'cascade' }),
    sequence: integer().notNull(),
    stage: text(),
    kind: text().$type<RunEventKind>().notNull(),
    message: text().notNull(),
    data: jsonb().$type<Record<string, unknown>>().notNull(),
    at: createdAt(),
    /** Chosen by the writer; a retried write with the same key adds nothing. */
    key: text(),
  },
  (table) => [primaryKey({ columns: [table.runId, table.sequence] }), unique().on(table.runId, table.key)],
)
