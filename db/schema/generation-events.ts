import { integer, jsonb, primaryKey, snakeCase, text } from 'drizzle-orm/pg-core'
import type { GenerationEvent } from '../contracts/index.ts'
import { generations } from './generations.ts'

/** A generation's stream. Kept, so that a reader who connects late or again misses no token. */
export const generationEvents = snakeCase.table(
  'generation_events',
  {
    generationId: text()
      .notNull()
      .references(() => generations.id, { onDelete: 'cascade' }),
    sequence: integer().notNull(),
    event: jsonb().$type<GenerationEvent>().notNull(),
  },
  (table) => [primaryKey({ columns: [table.generationId, table.sequence] })],
)
