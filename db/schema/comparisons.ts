import { boolean, integer, jsonb, snakeCase, text, unique } from 'drizzle-orm/pg-core'
import type { Message } from '../contracts/index.ts'
import { createdAt } from './column-types.ts'
import { runs } from './runs.ts'

/** A prompt with two completions, named a and b here; each labeler sees them on shuffled sides. */
export const comparisons = snakeCase.table(
  'comparisons',
  {
    id: text().primaryKey(),
    runId: text()
      .notNull()
      .references(() => runs.id, { onDelete: 'cascade' }),
    stage: text().notNull(),
    position: integer().notNull(),
    prompt: jsonb().$type<Message[]>().notNull(),
    completionA: text().notNull(),
    completionB: text().notNull(),
    /** False of a completion that the length limit cut. */
    endedA: boolean().notNull().default(true),
    endedB: boolean().notNull().default(true),
    /** Where both completions were sampled; null for imported pairs. Never shown to labelers. */
    checkpointId: text(),
    /** Kept to test the reward model and DPO, never trained on. */
    heldOut: boolean().notNull(),
    createdAt: createdAt(),
  },
  // A stage's pairs in their order; a retried activity makes none twice.
  (table) => [unique().on(table.runId, table.stage, table.position)],
)
