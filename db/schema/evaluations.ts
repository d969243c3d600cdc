import { index, integer, jsonb, snakeCase, text, unique } from 'drizzle-orm/pg-core'
import type { Evaluation } from '../contracts/index.ts'
import { createdAt, digest } from './column-types.ts'
import { runs } from './runs.ts'

/** Candidates against a baseline, as contracts describe them. One an evaluate stage; a retry writes it anew. */
export const evaluations = snakeCase.table(
  'evaluations',
  {
    id: text().primaryKey(),
    runId: text()
      .notNull()
      .references(() => runs.id, { onDelete: 'cascade' }),
    stage: text().notNull(),
    judge: text().notNull(),
    prompts: integer().notNull(),
    baseline: jsonb().$type<Evaluation['baseline']>().notNull(),
    candidates: jsonb().$type<Evaluation['candidates']>().notNull(),
    /** Of the judged answers in the artifact store; null for evaluations of before they were kept. */
    sha256: digest(),
    createdAt: createdAt(),
  },
  (table) => [
    unique().on(table.runId, table.stage),
    // Before bytes are removed: does an evaluation still name them?
    index().on(table.sha256),
  ],
)
