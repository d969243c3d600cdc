import { index, integer, jsonb, snakeCase, text } from 'drizzle-orm/pg-core'
import type { Failure, Recipe, RunState } from '../contracts/index.ts'
import { createdAt, instant } from './column-types.ts'

/** A recipe on its way. The id is also the id of its workflow. */
export const runs = snakeCase.table(
  'runs',
  {
    id: text().primaryKey(),
    name: text().notNull(),
    state: text().$type<RunState>().notNull(),
    /** A sentence for people: what it does or waits for. */
    status: text().notNull(),
    seed: integer().notNull(),
    /** With every default filled in and dataset names resolved to ids: what makes the run repeatable. */
    recipe: jsonb().$type<Recipe>().notNull(),
    /** As the author wrote it. */
    recipeText: text().notNull(),
    failure: jsonb().$type<Failure>(),
    /** Last number given in `run_events`; locked while an event is added, so that numbers are seen in order. */
    eventCount: integer().notNull().default(0),
    createdAt: createdAt(),
    finishedAt: instant(),
  },
  // Lists are newest first.
  (table) => [index().on(table.createdAt, table.id)],
)
