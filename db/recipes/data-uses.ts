import type { DatasetKind, Recipe, StageSpec } from '../contracts/index.ts'

/** A place of a recipe that names a data source, and the kinds of data it can use. */
export interface DataUse {
  name: string
  kinds: readonly DatasetKind[]
  path: (string | number)[]
}

export function dataUses(recipe: Recipe): DataUse[] {
  const stages = Object.entries(recipe.stages).flatMap(([name, stage]) =>
    usesOf(stage).map(({ key, ...use }) => ({ ...use, path: ['stages', name, key] })),
  )
  if ('checkpoint' in recipe.model) return stages
  const tokenizer = {
    name: recipe.model.tokenizer.data,
    kinds: ['text'] as const,
    path: ['model', 'tokenizer', 'data'],
  }
  return [tokenizer, ...stages]
}

function usesOf(stage: StageSpec): { key: string; name: string; kinds: readonly DatasetKind[] }[] {
  switch (stage.type) {
    case 'pretrain':
      return [{ key: 'data', name: stage.data, kinds: ['text'] }]
    case 'sft':
      return [{ key: 'data', name: stage.data, kinds: ['conversations'] }]
    case 'preferences':
      return [
        ...(stage.prompts === undefined ? [] : [{ key: 'prompts', name: stage.prompts, kinds: ['prompts'] as const }]),
        ...(stage.data === undefined ? [] : [{ key: 'data', name: stage.data, kinds: ['preferences'] as const }]),
      ]
    case 'ppo':
    case 'evaluate':
      return [{ key: 'prompts', name: stage.prompts, kinds: ['prompts'] }]
    case 'reward':
    case 'dpo':
    case 'release':
      return []
  }
}
