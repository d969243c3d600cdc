import { index, primaryKey, snakeCase, text } from 'drizzle-orm/pg-core'
import { bigCount, digest } from './column-types.ts'
import { imports } from './imports.ts'

/** Files that were sent for an import and are in the store; forgotten once it is over. */
export const importFiles = snakeCase.table(
  'import_files',
  {
    importId: text()
      .notNull()
      .references(() => imports.id, { onDelete: 'cascade' }),
    path: text().notNull(),
    sizeBytes: bigCount().notNull(),
    sha256: digest().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.importId, table.path] }),
    // Before bytes are removed: does an import still name them?
    index().on(table.sha256),
  ],
)
