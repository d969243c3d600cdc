import { type Recipe, stageInputs, TemperError } from '../contracts/index.ts'

/** Names of the stages, each after its inputs, else as written. Throws `invalid_recipe` for stages in a circle. */
export function planRecipe(recipe: Recipe): string[] {
  const order: string[] = []
  const visit = (name: string, path: string[]) => {
    const stage = recipe.stages[name]
    if (order.includes(name) || stage === undefined) return
    if (path.includes(name)) throw circle([...path.slice(path.indexOf(name)), name])
    for (const input of stageInputs(stage)) visit(input, [...path, name])
    order.push(name)
  }
  for (const name of Object.keys(recipe.stages)) visit(name, [])
  return order
}

function circle(stages: string[]): TemperError {
  const message = `stages wait for each other in a circle: ${stages.join(' → ')}`
  return new TemperError('invalid_recipe', message, { details: { stages, stage: stages[0] } })
}
