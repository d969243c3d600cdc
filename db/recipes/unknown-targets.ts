import { loraTargetsOf, type Recipe } from '../contracts/index.ts'

/** Layers that stages of a recipe give adapters to, and that a model does not have. @param modelType - of config.json */
export function unknownTargets(recipe: Recipe, modelType: string): { path: (string | number)[]; message: string }[] {
  const known = loraTargetsOf(modelType)
  return Object.entries(recipe.stages).flatMap(([name, stage]) => {
    const targets = ('lora' in stage && stage.lora?.targets) || []
    return targets.flatMap((target, index) => {
      const path = ['stages', name, 'lora', 'targets', index]
      const message = `a ${modelType} model has no layer '${target}' for adapters; expected some of ${known.join(', ')}`
      return known.includes(target) ? [] : [{ path, message }]
    })
  })
}
