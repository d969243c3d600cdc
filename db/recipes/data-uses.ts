import { type DatasetKind, type Recipe, type StageOf, type StageSpec, sourcesOf } from '../contracts/index.ts'

/** A place of a recipe that names a data source, and the kinds of data it can use. */
export interface DataUse {
  name: string
  kinds: readonly DatasetKind[]
  path: (string | number)[]
}

/** A preference has a prompt: asking the same of a new policy needs no second file. */
const promptKinds = ['prompts', 'preferences'] as const satisfies DatasetKind[]

export function dataUses(recipe: Recipe): DataUse[] {
  const stages = Object.entries(recipe.stages).flatMap(([name, stage]) =>
    usesOf(stage).map((use) => ({ ...use, path: ['stages', name, ...use.path] })),
  )
  if ('checkpoint' in recipe.model) return stages
  const tokenizer = {
    name: recipe.model.tokenizer.data,
    kinds: ['text'] as const,
    path: ['model', 'tokenizer', 'data'],
  }
  return [tokenizer, ...stages]
}

/** Paths are below the stage. */
function usesOf(stage: StageSpec): DataUse[] {
  switch (stage.type) {
    case 'pretrain':
      return supervisedUses(stage, ['text'])
    case 'sft':
      return supervisedUses(stage, ['conversations'])
    case 'preferences':
      return [
        ...(stage.prompts === undefined ? [] : [{ path: ['prompts'], name: stage.prompts, kinds: promptKinds }]),
        ...(stage.data === undefined ? [] : [{ path: ['data'], name: stage.data, kinds: ['preferences'] as const }]),
        ...(typeof stage.heldOut === 'number'
          ? []
          : [{ path: ['heldOut'], name: stage.heldOut, kinds: ['preferences'] as const }]),
      ]
    case 'ppo':
    case 'grpo':
    case 'rloo':
      return [
        { path: ['prompts'], name: stage.prompts, kinds: promptKinds },
        ...(stage.heldOut === undefined ? [] : [{ path: ['heldOut'], name: stage.heldOut, kinds: promptKinds }]),
      ]
    case 'evaluate':
      return [{ path: ['prompts'], name: stage.prompts, kinds: promptKinds }]
    case 'reward':
    case 'dpo':
    case 'release':
      return []
  }
}

function supervisedUses(stage: StageOf<'pretrain' | 'sft'>, kinds: readonly DatasetKind[]): DataUse[] {
  const { data, validation } = stage
  const trained = sourcesOf(data).map(({ name, path }) => ({ name, kinds, path: ['data', ...path] }))
  return typeof validation === 'number' ? trained : [...trained, { name: validation, kinds, path: ['validation'] }]
}
