import { index, primaryKey, snakeCase, text } from 'drizzle-orm/pg-core'
import { checkpoints } from './checkpoints.ts'
import { bigCount, digest } from './column-types.ts'

export const checkpointFiles = snakeCase.table(
  'checkpoint_files',
  {
    checkpointId: text()
      .notNull()
      .references(() => checkpoints.id, { onDelete: 'cascade' }),
    path: text().notNull(),
    sizeBytes: bigCount().notNull(),
    sha256: digest().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.checkpointId, table.path] }),
    // Before bytes are removed: does another checkpoint still name them?
    index().on(table.sha256),
  ],
)
