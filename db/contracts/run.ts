import { z } from 'zod'
import { idSchema } from './ids.ts'
import { recipeSchema } from './recipe/recipe.ts'
import { stageTypes } from './recipe/stages.ts'

export const runStates = ['queued', 'running', 'paused', 'failed', 'done', 'cancelled'] as const
export const stageStates = ['waiting', 'running', 'paused', 'failed', 'done', 'cancelled', 'skipped'] as const
export type RunState = (typeof runStates)[number]
export type StageState = (typeof stageStates)[number]
/** A run, or a stage, in one of these does not change any more. */
export const endedRunStates: readonly RunState[] = ['failed', 'done', 'cancelled']
export const endedStageStates: readonly StageState[] = ['failed', 'done', 'cancelled', 'skipped']

export const failureSchema = z.strictObject({
  code: z.string(),
  message: z.string(),
  details: z.record(z.string(), z.unknown()),
})
export type Failure = z.infer<typeof failureSchema>

/** A stage of a run. `status` is a sentence for people: what it does or waits for. */
export const stageRunSchema = z.strictObject({
  name: z.string(),
  type: z.enum(stageTypes),
  inputs: z.array(z.string()),
  state: z.enum(stageStates),
  status: z.string(),
  step: z.number().int(),
  totalSteps: z.number().int(),
  headline: z.strictObject({ metric: z.string(), value: z.number() }).nullable(),
  checkpointId: idSchema('checkpoint').nullable(),
  result: z.record(z.string(), z.unknown()),
  failure: failureSchema.nullable(),
  startedAt: z.iso.datetime().nullable(),
  finishedAt: z.iso.datetime().nullable(),
})
export type StageRun = z.infer<typeof stageRunSchema>

export const runSummarySchema = z.strictObject({
  id: idSchema('run'),
  name: z.string(),
  state: z.enum(runStates),
  status: z.string(),
  seed: z.number().int(),
  failure: failureSchema.nullable(),
  createdAt: z.iso.datetime(),
  finishedAt: z.iso.datetime().nullable(),
  stages: z.array(stageRunSchema),
})
export type RunSummary = z.infer<typeof runSummarySchema>

export const runSchema = runSummarySchema.extend({
  recipe: recipeSchema,
  recipeText: z.string(),
  temporalUrl: z.string().nullable(),
})
export type Run = z.infer<typeof runSchema>

export const createRunSchema = z.strictObject({
  recipe: z.string().min(1).max(100_000).describe('The recipe as YAML'),
  seed: z
    .number()
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .optional()
    .describe('In place of the seed of the recipe'),
})

/** One point of one curve. */
export const metricPointSchema = z.strictObject({
  stage: z.string(),
  step: z.number().int(),
  name: z.string(),
  value: z.number(),
})
export type MetricPoint = z.infer<typeof metricPointSchema>

export const runEventKinds = ['run', 'stage', 'metrics', 'samples', 'checkpoint', 'votes', 'resumed', 'log'] as const
export type RunEventKind = (typeof runEventKinds)[number]
/** What happened in a run, in order of `sequence` within it; also the id of the server-sent event. */
export const runEventSchema = z.strictObject({
  sequence: z.number().int(),
  runId: idSchema('run'),
  stage: z.string().nullable(),
  kind: z.enum(runEventKinds),
  message: z.string(),
  data: z.record(z.string(), z.unknown()),
  at: z.iso.datetime(),
})
export type RunEvent = z.infer<typeof runEventSchema>
