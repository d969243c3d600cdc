import {
  pageSchema,
  type RecipeProblem,
  recipeReportSchema,
  shippedRecipeSchema,
  TemperError,
} from '@temper/db/contracts'
import { command, group } from '../command.ts'
import { table } from '../output.ts'
import { readRecipe } from '../read-recipe.ts'

const list = command('Recipes that ship with the project', {}, async ({ api, out }) => {
  const { items } = await api.get('/v1/recipes', pageSchema(shippedRecipeSchema))
  out.document(items, () =>
    table(
      ['name', 'description'],
      items.map(({ name, description }) => [name, description]),
    ),
  )
})

const show = command(
  'The text of a recipe that ships',
  { name: { type: 'positional', required: true, description: 'Its name' } },
  async ({ args, api, out }) => {
    const text = await readRecipe(api, args.name)
    out.document({ name: args.name, text }, () => text.trimEnd())
  },
)

const validate = command(
  'Say what is wrong with a recipe, with places; nothing is started',
  { recipe: { type: 'positional', required: true, description: 'A file, or the name of a recipe that ships' } },
  async ({ args, api, out }) => {
    const recipe = await readRecipe(api, args.recipe)
    const report = await api.post('/v1/recipes/validate', { recipe }, recipeReportSchema)
    const lines = (problems: RecipeProblem[], prefix: string) =>
      problems.map(({ line, column, message }) => `${args.recipe}:${line ?? 1}:${column ?? 1}: ${prefix}${message}`)
    const stages = report.stages.map(({ name, type, inputs }) => [name, type, inputs.join(', ')])
    out.document(report, () =>
      [
        ...lines(report.warnings, 'warning: '),
        ...lines(report.errors, ''),
        ...(report.valid ? [table(['stage', 'type', 'after'], stages)] : []),
      ].join('\n'),
    )
    if (!report.valid) throw new TemperError('invalid_recipe', `${args.recipe} has ${report.errors.length} problem(s)`)
  },
)

export const recipes = group('recipes', 'What a run does, as YAML', { list, show, validate })
