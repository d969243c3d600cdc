import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createRoute, z } from '@hono/zod-openapi'
import {
  pageSchema,
  type RecipeReport,
  recipeReportSchema,
  type ShippedRecipe,
  shippedRecipeSchema,
} from '@temper/db/contracts'
import { parseRecipe } from '@temper/db/recipes'
import type { Dependencies } from '../dependencies.ts'
import { access, body, json, newRouter, refusals } from '../http/router.ts'
import { checkWithData } from '../recipe-data.ts'

const recipeText = z.string().max(100_000).describe('The recipe as YAML')

export function recipeRoutes({ db, recipesFolder }: Dependencies) {
  const app = newRouter()
  const list = createRoute({
    method: 'get',
    path: '/recipes',
    tags: ['recipes'],
    summary: 'Recipes that ship with the project',
    ...access(db, 'read'),
    responses: { 200: json(pageSchema(shippedRecipeSchema.meta({ id: 'ShippedRecipe' })), 'By name'), ...refusals },
  })
  app.openapi(list, async (c) => c.json({ items: await shippedRecipes(recipesFolder), nextCursor: null }, 200))

  const validate = createRoute({
    method: 'post',
    path: '/recipes/validate',
    tags: ['recipes'],
    summary: 'What is wrong with a recipe, with places; nothing is stored',
    ...access(db, 'read'),
    request: { body: body(z.strictObject({ recipe: recipeText })) },
    responses: { 200: json(recipeReportSchema.meta({ id: 'RecipeReport' }), 'Problems, or the stages'), ...refusals },
  })
  app.openapi(validate, async (c) => {
    const { recipe, order, problems, warnings } = await checkWithData(db, c.req.valid('json').recipe)
    const stages = recipe === undefined ? [] : order
    const report: RecipeReport = { valid: recipe !== undefined, errors: problems, warnings, stages }
    return c.json(report, 200)
  })
  return app
}

async function shippedRecipes(folder: string): Promise<ShippedRecipe[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.yaml')).sort()
  return Promise.all(
    files.map(async (file) => {
      const text = await readFile(join(folder, file), 'utf8')
      const { name, description } = parseRecipe(text)
      return { name, description, text }
    }),
  )
}
