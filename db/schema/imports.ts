import { index, integer, jsonb, snakeCase, text } from 'drizzle-orm/pg-core'
import type { Failure, ImportProgress, ImportState, ModelSource } from '../contracts/index.ts'
import { checkpoints } from './checkpoints.ts'
import { createdAt, instant } from './column-types.ts'
import { members } from './members.ts'

/** Models on their way into the installation. The id is also the id of the workflow. */
export const imports = snakeCase.table(
  'imports',
  {
    id: text().primaryKey(),
    name: text().notNull(),
    source: jsonb().$type<ModelSource>().notNull(),
    state: text().$type<ImportState>().notNull(),
    progress: jsonb().$type<ImportProgress>(),
    failure: jsonb().$type<Failure>(),
    checkpointId: text().references(() => checkpoints.id, { onDelete: 'set null' }),
    /** Counts changes: readers of its events ask for what comes after the one that they have. */
    revision: integer().notNull().default(1),
    createdBy: text()
      .notNull()
      .references(() => members.id),
    createdAt: createdAt(),
    finishedAt: instant(),
  },
  // Lists are newest first.
  (table) => [index().on(table.createdAt, table.id)],
)
