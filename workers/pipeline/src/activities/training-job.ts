import {
  type DataMix,
  type JobReward,
  type RecipeRewardSource,
  type RolloutStage,
  rewardSourceName,
  type StageSpec,
  sourcesOf,
  TemperError,
  type TrainingJob,
} from '@temper/db/contracts'
import type { RunRecord } from '@temper/db/queries'
import { compileRewardFunction } from '@temper/db/recipes'
import type { Origin } from './checkpoints.ts'
import type { Inputs } from './inputs.ts'

interface Segment {
  origin: Origin
  outDir: string
  resumeFrom: string | undefined
  maxSeconds: number
}

type Common = Pick<TrainingJob, 'seed' | 'outDir' | 'origin' | 'resumeFrom' | 'segment'>

/** What the engine is told: the stage of the recipe with local paths in place of names. */
export async function trainingJob(run: RunRecord, segment: Segment, inputs: Inputs): Promise<TrainingJob> {
  const { outDir, resumeFrom, maxSeconds } = segment
  const { stage, parents, data: datasets } = segment.origin
  const spec = stageOf(run, stage)
  const origin = { run: run.id, stage, parents, data: datasets }
  const common: Common = { seed: run.seed, outDir, origin, resumeFrom, segment: { maxSeconds } }
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
    case 'ppo':
    case 'grpo':
    case 'rloo':
      return rolloutJob(spec, common, inputs)
    default:
      throw new TemperError('internal', `a ${spec.type} stage is not trained`)
  }
}

async function supervisedFiles(inputs: Inputs, mix: DataMix, validation: string | number) {
  const sources = sourcesOf(mix).map(async ({ name, weight }) => ({ path: await inputs.data(name), weight }))
  const heldOut = typeof validation === 'number' ? validation : await inputs.data(validation)
  return { data: await Promise.all(sources), validation: heldOut }
}

async function rolloutJob(spec: RolloutStage, common: Common, inputs: Inputs): Promise<TrainingJob> {
  const places = {
    model: await inputs.checkpoint(spec.from),
    rewards: await Promise.all(spec.rewards.map((source) => jobReward(source, inputs))),
    prompts: await inputs.data(spec.prompts),
    heldOut: spec.heldOut === undefined ? undefined : await inputs.data(spec.heldOut),
  }
  switch (spec.type) {
    case 'ppo': {
      const { type, from: _, rewards: __, prompts: ___, heldOut: ____, ...settings } = spec
      return { ...common, type, ...places, settings }
    }
    case 'grpo': {
      const { type, from: _, rewards: __, prompts: ___, heldOut: ____, ...settings } = spec
      return { ...common, type, ...places, settings }
    }
    case 'rloo': {
      const { type, from: _, rewards: __, prompts: ___, heldOut: ____, ...settings } = spec
      return { ...common, type, ...places, settings }
    }
  }
}

async function jobReward(source: RecipeRewardSource, inputs: Inputs): Promise<JobReward> {
  const name = rewardSourceName(source)
  const { weight } = source
  if ('reward' in source) return { name, weight, model: await inputs.checkpoint(source.reward) }
  const { timeoutSeconds, memoryMb } = source
  return { name, weight, code: compileRewardFunction(source.code), timeoutSeconds, memoryMb }
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
  if ('rewards' in spec) names.push(spec.prompts)
  return names.map((name) => datasets[name ?? '']).filter((id) => id !== undefined)
}

function importedPairs(run: RunRecord, stage: string): string | undefined {
  const spec = stageOf(run, stage)
  return spec.type === 'preferences' ? spec.data : undefined
}
