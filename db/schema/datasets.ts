import { integer, snakeCase, text, unique } from 'drizzle-orm/pg-core'
import type { DatasetKind } from '../contracts/index.ts'
import { bigCount, createdAt, digest } from './column-types.ts'

/** Immutable rows. The id follows from kind and content, so adding the same rows again finds this row. */
export const datasets = snakeCase.table(
  'datasets',
  {
    id: text().primaryKey(),
    name: text().notNull(),
    /** Counts up when other rows are added under the same name; a name alone means its newest version. */
    version: integer().notNull(),
    kind: text().$type<DatasetKind>().notNull(),
    rows: integer().notNull(),
    sizeBytes: bigCount().notNull(),
    /** Of the JSONL of canonical rows, and its name in the artifact store. */
    sha256: digest().notNull(),
    source: text().notNull(),
    createdAt: createdAt(),
  },
  // Recipes refer to datasets by name; two uploads at once must not take one version.
  (table) => [unique().on(table.name, table.version)],
)
