import { integer, jsonb, snakeCase, text } from 'drizzle-orm/pg-core'
import type { GenerationState, Message, Sampling } from '../contracts/index.ts'
import { checkpoints } from './checkpoints.ts'
import { createdAt, instant } from './column-types.ts'

/** Playground requests: one prompt, one checkpoint. The text is in `generation_events`. */
export const generations = snakeCase.table('generations', {
  id: text().primaryKey(),
  checkpointId: text()
    .notNull()
    .references(() => checkpoints.id, { onDelete: 'cascade' }),
  messages: jsonb().$type<Message[]>().notNull(),
  sampling: jsonb().$type<Sampling>().notNull(),
  seed: integer().notNull(),
  state: text().$type<GenerationState>().notNull(),
  /** Last number given in `generation_events`. */
  eventCount: integer().notNull().default(0),
  createdAt: createdAt(),
  finishedAt: instant(),
})
