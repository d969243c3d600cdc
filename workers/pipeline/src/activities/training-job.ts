import { type DataMix, type StageSpec, sourcesOf, TemperError, type TrainingJob } from '@temper/db/contracts'
import type { RunRecord } from '@temper/db/queries'
import type { Origin } from './checkpoints.ts'
import type { Inputs } from './inputs.ts'

interface Segment {
  origin: Origin
  outDir: string
  resumeFrom: string | undefined
  maxSeconds: number
}

/** What the engine is told: the stage of the recipe with local paths in place of names. */
export async function trainingJob(run: RunRecord, segment: Segment, inputs: Inputs): Promise<TrainingJob> {
  const { outDir, resumeFrom, maxSeconds } = segment
  const { stage, parents, data: datasets } = segment.origin
  const spec = stageOf(run, stage)
  const origin = { run: run.id, stage, parents, data: datasets }
  const common = { seed: run.seed, outDir, origin, resumeFrom, segment: { maxSeconds } }
  switch (spec.type) {
    case 'pretrain': {
      const { type, from, data, validation, ...settings } = spec
      const files = await supervisedFiles(inputs, data, validation)
      return { ...common, type, model: await startingModel(run, from, inputs), ...files, settings }
    }
    case 'sft': {
      const { type, from, data, validation, ...settings } = spec
      const files = await supervisedFiles(inputs, data, validation)
      return { ...common, type, model: await inputs.checkpoint(from), ...files, settings }
    }
    case 'reward': {
      const { type, from, preferences, ...settings } = spec
      return { ...common, type, model: await inputs.checkpoint(from), ...(await inputs.pairs(preferences)), settings }
    }
    case 'dpo': {
      const { type, from, preferences, ...settings } = spec
      return { ...common, type, model: await inputs.checkpoint(from), ...(await inputs.pairs(preferences)), settings }
    }
    case 'ppo': {
      const { type, from, reward, prompts, ...settings } = spec
      const model = await inputs.checkpoint(from)
      const paths = { reward: await inputs.checkpoint(reward), prompts: await inputs.data(prompts) }
      return { ...common, type, model, ...paths, settings }
    }
    default:
      throw new TemperError('internal', `a ${spec.type} stage is not trained`)
  }
}

async function supervisedFiles(inputs: Inputs, mix: DataMix, validation: string | number) {
  const sources = sourcesOf(mix).map(async ({ name, weight }) => ({ path: await inputs.data(name), weight }))
  const heldOut = typeof validation === 'number' ? validation : await inputs.data(validation)
  return { data: await Promise.all(sources), validation: heldOut }
}

/** Throws `not_found` where the recipe has no such stage. */
export function stageOf(run: RunRecord, stage: string): StageSpec {
  const spec = run.recipe.stages[stage]
  if (spec) return spec
  throw new TemperError('not_found', `run '${run.id}' has no stage '${stage}'`)
}

/** Random weights where the recipe describes an architecture, else the checkpoint it names. */
async function startingModel(run: RunRecord, from: string, inputs: Inputs) {
  const { model } = run.recipe
  if (from !== 'model' || 'checkpoint' in model) return { dir: await inputs.checkpoint(from) }
  return { spec: model, tokenizerData: await inputs.data(model.tokenizer.data) }
}

/** Ids of the datasets whose rows a training stage learns from. Pairs that were sampled in the run are none. */
export function trainedOn(run: RunRecord, stage: string, datasets: Record<string, string>): string[] {
  const spec = stageOf(run, stage)
  const names: (string | undefined)[] = []
  if (spec.type === 'pretrain' || spec.type === 'sft') names.push(...sourcesOf(spec.data).map(({ name }) => name))
  if ('preferences' in spec) names.push(importedPairs(run, spec.preferences))
  if (spec.type === 'ppo') names.push(spec.prompts)
  return names.map((name) => datasets[name ?? '']).filter((id) => id !== undefined)
}

function importedPairs(run: RunRecord, stage: string): string | undefined {
  const spec = stageOf(run, stage)
  return spec.type === 'preferences' ? spec.data : undefined
}
