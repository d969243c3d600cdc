import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { pageSchema, shippedRecipeSchema, TemperError } from '@temper/db/contracts'
import type { ApiClient } from './api/client.ts'

/** The text of a recipe by its file, or by the name under which one ships. */
export async function readRecipe(api: ApiClient, fileOrName: string): Promise<string> {
  if (existsSync(fileOrName)) return readFile(fileOrName, 'utf8')
  const { items } = await api.get('/v1/recipes', pageSchema(shippedRecipeSchema))
  const shipped = items.find((recipe) => recipe.name === fileOrName)
  if (shipped !== undefined) return shipped.text
  const names = items.map((recipe) => recipe.name).join(', ')
  throw new TemperError('invalid_input', `'${fileOrName}' is neither a file nor a recipe that ships (${names})`)
}
