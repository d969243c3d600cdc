import { boolean, index, integer, jsonb, snakeCase, text } from 'drizzle-orm/pg-core'
import type { Checkpoint, ImportedFrom } from '../contracts/index.ts'
import { bigCount, createdAt } from './column-types.ts'
import { runs } from './runs.ts'

/** Folders of weights with where they come from. Written after their files, so a half-written one does not exist. */
export const checkpoints = snakeCase.table(
  'checkpoints',
  {
    id: text().primaryKey(),
    kind: text().$type<Checkpoint['kind']>().notNull(),
    runId: text().references(() => runs.id, { onDelete: 'cascade' }),
    stage: text(),
    stageType: text().notNull(),
    step: integer().notNull(),
    final: boolean().notNull(),
    releasedAs: text(),
    parents: text().array().notNull(),
    data: text().array().notNull(),
    architecture: text().notNull(),
    parameters: bigCount().notNull(),
    sizeBytes: bigCount().notNull(),
    metrics: jsonb().$type<Record<string, number>>().notNull(),
    importedFrom: jsonb().$type<ImportedFrom>(),
    createdAt: createdAt(),
  },
  (table) => [
    // A resumed stage looks for its newest checkpoint.
    index().on(table.runId, table.stage, table.step),
    // Lists are newest first.
    index().on(table.createdAt, table.id),
    // Lineage is walked down too: who has this one as a parent.
    index().using('gin', table.parents),
  ],
)
