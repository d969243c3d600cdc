import { doublePrecision, integer, primaryKey, snakeCase, text } from 'drizzle-orm/pg-core'
import { runs } from './runs.ts'

/** Points of curves. The key makes a repeated step overwrite itself: a resumed stage leaves no point twice. */
export const metrics = snakeCase.table(
  'metrics',
  {
    runId: text()
      .notNull()
      .references(() => runs.id, { onDelete: 'cascade' }),
    stage: text().notNull(),
    name: text().notNull(),
    step: integer().notNull(),
    value: doublePrecision().notNull(),
  },
  // In the order in which a curve is read.
  (table) => [primaryKey({ columns: [table.runId, table.stage, table.name, table.step] })],
)
