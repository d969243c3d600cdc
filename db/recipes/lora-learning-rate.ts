import { z } from 'zod'
import { stageSchema } from '../contracts/index.ts'

/** Adapters learn at 10 times the rate of full fine-tuning (Schulman et al., “LoRA Without Regret”, 2025). */
const factor = 10

/** A recipe as it was written, with a learning rate for each stage that has `lora` and states none. */
export function withLoraLearningRates(recipe: unknown): unknown {
  if (!isRecord(recipe) || !isRecord(recipe.stages)) return recipe
  const stages = Object.entries(recipe.stages).map(([name, stage]) => [name, withLearningRate(stage)])
  return { ...recipe, stages: Object.fromEntries(stages) }
}

function withLearningRate(stage: unknown): unknown {
  if (!isRecord(stage) || stage.lora === undefined || stage.learningRate !== undefined) return stage
  const full = defaultLearningRate(stage.type)
  // Ten times 1e-6 is 9.999999999999999e-6 in binary.
  return full === undefined ? stage : { ...stage, learningRate: Number((factor * full).toPrecision(12)) }
}

/** Undefined for a stage that does not train. */
function defaultLearningRate(type: unknown): number | undefined {
  const schema = stageSchema.options.find((option) => option.shape.type.value === type)
  if (!schema || !('learningRate' in schema.shape)) return undefined
  return z.number().parse(schema.shape.learningRate.parse(undefined))
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
