import { index, integer, jsonb, primaryKey, snakeCase, text } from 'drizzle-orm/pg-core'
import type { Failure, StageRun, StageState, StageType } from '../contracts/index.ts'
import { instant } from './column-types.ts'
import { runs } from './runs.ts'

/** The stages of a run, made with it. */
export const stageRuns = snakeCase.table(
  'stage_runs',
  {
    runId: text()
      .notNull()
      .references(() => runs.id, { onDelete: 'cascade' }),
    name: text().notNull(),
    /** Place in the order of the plan. */
    position: integer().notNull(),
    type: text().$type<StageType>().notNull(),
    inputs: text().array().notNull(),
    state: text().$type<StageState>().notNull(),
    status: text().notNull(),
    step: integer().notNull().default(0),
    totalSteps: integer().notNull().default(0),
    headline: jsonb().$type<NonNullable<StageRun['headline']>>(),
    checkpointId: text(),
    result: jsonb().$type<Record<string, unknown>>().notNull().default({}),
    failure: jsonb().$type<Failure>(),
    /** Votes the stage waits for; null before it asks for some, and after it has taken the last. See `takesVotes`. */
    votesNeeded: integer(),
    startedAt: instant(),
    finishedAt: instant(),
  },
  (table) => [
    primaryKey({ columns: [table.runId, table.name] }),
    // A labeler's next comparison comes from the stages that collect votes.
    index().on(table.votesNeeded),
  ],
)
