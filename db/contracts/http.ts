import { z } from 'zod'
import { checkpointSchema } from './checkpoint.ts'
import { stageTypes } from './recipe/stages.ts'
import { errorCodes } from './temper-error.ts'

/**
 * Documents of the HTTP API that are not things themselves: lists, errors, answers to commands.
 * Server-sent events carry one JSON document in `data`: of runEventSchema for a run. `GET /v1/comparisons/progress` and the undo of a vote answer labelProgressSchema.
 */

/**
 * A page of a list; `nextCursor` is null on the last one. Every route that lists answers this: metrics, evaluations,
 * samples and shipped recipes too.
 */
export function pageSchema<T extends z.ZodType>(item: T) {
  return z.strictObject({ items: z.array(item), nextCursor: z.string().nullable() })
}

/** Every refusal, at any route. */
export const errorBodySchema = z.strictObject({
  code: z.enum(errorCodes),
  message: z.string(),
  requestId: z.string(),
  details: z.record(z.string(), z.unknown()),
})
export type ErrorBody = z.infer<typeof errorBodySchema>

/** A recipe that ships with the project. */
export const shippedRecipeSchema = z.strictObject({ name: z.string(), description: z.string(), text: z.string() })
export type ShippedRecipe = z.infer<typeof shippedRecipeSchema>

/** One rule that a recipe breaks, and where: line and column count from 1. */
export const recipeProblemSchema = z.strictObject({
  message: z.string(),
  line: z.number().int().nullable(),
  column: z.number().int().nullable(),
  key: z.string().nullable(),
  /** The known key nearest to an unknown one. */
  nearest: z.string().nullable(),
})
export type RecipeProblem = z.infer<typeof recipeProblemSchema>

export const recipeReportSchema = z.strictObject({
  valid: z.boolean(),
  errors: z.array(recipeProblemSchema),
  /** What is allowed but probably not meant. */
  warnings: z.array(recipeProblemSchema),
  /** Empty unless valid; in an order in which they can run. */
  stages: z.array(z.strictObject({ name: z.string(), type: z.enum(stageTypes), inputs: z.array(z.string()) })),
})
export type RecipeReport = z.infer<typeof recipeReportSchema>

/** All ancestors and descendants of a checkpoint, itself included; edges are the `parents` of each. */
export const lineageGraphSchema = z.strictObject({ checkpoints: z.array(checkpointSchema) })
export type LineageGraph = z.infer<typeof lineageGraphSchema>

export const signInSchema = z.strictObject({ token: z.string().min(1).max(200) })
