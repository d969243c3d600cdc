import { type Recipe, type RecipeProblem, type RecipeReport, stageInputs } from '@temper/db/contracts'
import { type Db, findCheckpoint, findDataset } from '@temper/db/queries'
import { checkRecipe, dataUses, planRecipe, type RecipeCheck, unknownTargets } from '@temper/db/recipes'

export interface DataCheck extends RecipeCheck {
  /** Stages in an order in which they can run. */
  order: RecipeReport['stages']
}

/**
 * Checks a recipe with what is registered: its datasets exist and hold what their users need, and so does its
 * checkpoint. The recipe comes back with names of datasets and of the checkpoint replaced by the ids they mean now, so that
 * a run stays repeatable when a name gets a new version.
 */
export async function checkWithData(db: Db, text: string): Promise<DataCheck> {
  const check = checkRecipe(text)
  const { recipe } = check
  if (recipe === undefined) return { ...check, order: [] }
  const { data, problems: dataProblems } = await resolveDatasets(db, recipe, check)
  const { model, problems: modelProblems } = await resolveModel(db, recipe, check)
  const problems = [...modelProblems, ...dataProblems]
  if (problems.length > 0) return { ...check, recipe: undefined, problems, order: [] }
  return { ...check, recipe: { ...recipe, model, data }, order: describeOrder(recipe) }
}

function describeOrder(recipe: Recipe): RecipeReport['stages'] {
  return planRecipe(recipe).flatMap((name) => {
    const stage = recipe.stages[name]
    return stage === undefined ? [] : [{ name, type: stage.type, inputs: stageInputs(stage) }]
  })
}

async function resolveDatasets(db: Db, recipe: Recipe, { placeOf }: RecipeCheck) {
  const data: Recipe['data'] = {}
  const problems: RecipeProblem[] = []
  for (const [name, source] of Object.entries(recipe.data)) {
    data[name] = source
    if (!('dataset' in source)) continue
    const path = ['data', name, 'dataset']
    const dataset = await findDataset(db, source.dataset)
    if (dataset === undefined) {
      const message = `there is no dataset '${source.dataset}'; add it first: temper datasets add FILE --name ${source.dataset}`
      problems.push(problemAt(placeOf(path), message))
      continue
    }
    data[name] = { dataset: dataset.id }
    const misused = dataUses(recipe).find((use) => use.name === name && !use.kinds.includes(dataset.kind))
    if (misused === undefined) continue
    const message = `dataset '${source.dataset}' holds ${dataset.kind}; ${misused.path.join('.')} needs ${misused.kinds.join(' or ')}`
    problems.push(problemAt(placeOf(path), message))
  }
  return { data, problems }
}

async function resolveModel(db: Db, recipe: Recipe, { placeOf }: RecipeCheck) {
  const { model } = recipe
  if (!('checkpoint' in model)) return { model, problems: [] }
  const refused = (message: string) => ({ model, problems: [problemAt(placeOf(['model', 'checkpoint']), message)] })
  const checkpoint = await findCheckpoint(db, model.checkpoint)
  if (checkpoint === undefined) {
    return refused(
      `there is no checkpoint '${model.checkpoint}'; temper models add adds one, and the page of checkpoints lists them`,
    )
  }
  if (checkpoint.kind !== 'policy') return refused('a run starts from a policy; this is a reward model')
  const problems = unknownTargets(recipe, checkpoint.architecture).map(({ path, message }) =>
    problemAt(placeOf(path), message),
  )
  return { model: { checkpoint: checkpoint.id }, problems }
}

function problemAt({ line, column }: { line: number; column: number }, message: string): RecipeProblem {
  return { message, line, column, key: null, nearest: null }
}
