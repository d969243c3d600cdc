import { LineCounter, parseDocument, type YAMLParseError } from 'yaml'
import { type Recipe, type RecipeProblem, recipeSchema, TemperError } from '../contracts/index.ts'
import { expandRewards } from './expand-rewards.ts'
import { withLoraLearningRates } from './lora-learning-rate.ts'
import { meaningProblems, meaningWarnings } from './meaning-problems.ts'
import { schemaProblems } from './schema-problems.ts'
import { type Place, type SourceMap, sourceMapOf } from './source-map.ts'

export interface RecipeCheck {
  /** Defined exactly where there are no problems. */
  recipe: Recipe | undefined
  problems: RecipeProblem[]
  /** What is allowed but probably not meant. */
  warnings: RecipeProblem[]
  /** Where the value at a path of the recipe stands. */
  placeOf(path: readonly PropertyKey[]): Place
}

/** Reads a recipe and finds everything that is wrong with it: syntax, then schema, then meaning. */
export function checkRecipe(text: string): RecipeCheck {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: true })
  expandRewards(document)
  const source = sourceMapOf(document, lines)
  if (document.errors.length > 0) return refused(document.errors.map(syntaxProblem), source)
  const value = withLoraLearningRates(document.toJS())
  const parsed = recipeSchema.safeParse(value)
  if (!parsed.success) return refused(inOrder(schemaProblems(value, parsed.error.issues, source)), source)
  const problems = meaningProblems(parsed.data, source)
  if (problems.length > 0) return refused(inOrder(problems), source)
  return { recipe: parsed.data, problems: [], warnings: meaningWarnings(parsed.data, source), placeOf: source.ofValue }
}

/**
 * The recipe with every default filled in. Throws `invalid_recipe` with the first problem's line, column, key and
 * nearest known key in its details, and all problems under `problems`.
 */
export function parseRecipe(text: string): Recipe {
  const { recipe, problems } = checkRecipe(text)
  if (recipe !== undefined) return recipe
  throw invalidRecipe(problems)
}

/** The error of one or more problems. */
export function invalidRecipe(problems: RecipeProblem[]): TemperError {
  const [first] = problems
  if (first === undefined) throw new TemperError('internal', 'a recipe is refused for a reason')
  const { message, line, column, key, nearest } = first
  const place = line === null ? '' : `line ${line}, column ${column}: `
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : ''
  return new TemperError('invalid_recipe', `${place}${message}${more}`, {
    details: { line, column, key, nearest, problems },
  })
}

function refused(problems: RecipeProblem[], source: SourceMap): RecipeCheck {
  return { recipe: undefined, problems, warnings: [], placeOf: source.ofValue }
}

function syntaxProblem(error: YAMLParseError): RecipeProblem {
  const [start] = error.linePos ?? []
  // The library's message ends with the place and a picture of it.
  const [message = ''] = error.message.split(/ at line \d+/)
  return { message, line: start?.line ?? null, column: start?.col ?? null, key: null, nearest: null }
}

/** By place; of two problems at one place, the one that knows a way out first. */
function inOrder(problems: RecipeProblem[]): RecipeProblem[] {
  const rank = (a: RecipeProblem) => (a.nearest === null ? 1 : 0)
  return [...problems].sort(
    (a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0) || rank(a) - rank(b),
  )
}
