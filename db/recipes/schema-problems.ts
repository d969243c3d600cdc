import type { z } from 'zod'
import { type RecipeProblem, recipeSchema } from '../contracts/index.ts'
import { knownKeys } from './known-keys.ts'
import { nearest } from './nearest.ts'
import type { Place, SourceMap } from './source-map.ts'

type Issue = z.core.$ZodIssue
type Path = readonly PropertyKey[]

/** What the schema finds wrong with a parsed recipe, in words, with places. */
export function schemaProblems(value: unknown, issues: Issue[], source: SourceMap): RecipeProblem[] {
  const problems = issues.flatMap((issue) => problemsOf(issue, [], value, source))
  const meant = new Set(problems.map((problem) => problem.nearest))
  // A misspelt required key would be told twice: as unknown and as missing.
  return problems
    .filter((problem) => !(problem.missing && meant.has(problem.key)))
    .map(({ missing: _, ...rest }) => rest)
}

type Found = RecipeProblem & { missing?: boolean }

function problemsOf(issue: Issue, parent: Path, value: unknown, source: SourceMap): Found[] {
  const path = [...parent, ...issue.path]
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey(path, key, value, source))
    case 'invalid_union':
      if (issue.errors.length === 0) return [wrongWord(path, optionsOf(issue), value, source)]
      return nearestBranch(issue.errors).flatMap((inner) => problemsOf(inner, path, value, source))
    case 'invalid_value':
      return [wrongWord(path, issue.values.map(String), value, source)]
    case 'invalid_key': {
      const rule = issue.issues[0]?.message ?? issue.message
      return [problem(source.ofKey(path), path, `${where(path)}: the name '${last(path)}' is not allowed: ${rule}`)]
    }
    default:
      return [wrongValue(path, issue.message, value, source)]
  }
}

/** Of the readings of a union, the one with the fewest unknown keys, then the fewest problems. */
function nearestBranch(branches: Issue[][]): Issue[] {
  const unknown = (issues: Issue[]) =>
    issues.reduce((sum, issue) => sum + (issue.code === 'unrecognized_keys' ? issue.keys.length : 0), 0)
  const ranked = [...branches].sort((a, b) => unknown(a) - unknown(b) || a.length - b.length)
  return ranked[0] ?? []
}

function unknownKey(path: Path, key: string, value: unknown, source: SourceMap): Found {
  const known = knownKeys(recipeSchema, value, path)
  const guess = nearest(key, known)
  const hint = guess === null ? '' : `; the nearest key is '${guess}'`
  return {
    ...problem(source.ofKey([...path, key]), [...path, key], `unknown key '${key}' in ${where(path)}${hint}`),
    nearest: guess,
  }
}

function wrongWord(path: Path, options: string[], value: unknown, source: SourceMap): Found {
  const given = valueAt(value, path)
  if (given === undefined) return missingKey(path, `one of ${options.join(', ')}`, source)
  const guess = nearest(String(given), options)
  const message = `${where(path)} is '${String(given)}'; expected one of ${options.join(', ')}`
  return { ...problem(source.ofValue(path), path, message), nearest: guess }
}

function wrongValue(path: Path, rule: string, value: unknown, source: SourceMap): Found {
  const given = valueAt(value, path)
  if (given === undefined) return missingKey(path, rule.match(/expected (\w+)/)?.[1] ?? 'a value', source)
  const shown = JSON.stringify(given) ?? String(given)
  const short = shown.length > 60 ? `${shown.slice(0, 57)}…` : shown
  return problem(source.ofValue(path), path, `${where(path)} is ${short}: ${rule.replace(/^Invalid input: /, '')}`)
}

function missingKey(path: Path, expected: string, source: SourceMap): Found {
  const message = `${where(path.slice(0, -1))} lacks the key '${last(path)}' (${expected})`
  return { ...problem(source.ofKey(path.slice(0, -1)), path, message), missing: true }
}

function optionsOf(issue: Issue): string[] {
  return 'options' in issue && Array.isArray(issue.options) ? issue.options.map(String) : []
}

function problem({ line, column }: Place, path: Path, message: string): Found {
  return { message, line, column, key: path.length === 0 ? null : last(path), nearest: null }
}

/** A path in words: `stages.sft.learningRate`. */
function where(path: Path): string {
  return path.length === 0 ? 'the recipe' : path.map(String).join('.')
}

function last(path: Path): string {
  return String(path.at(-1) ?? '')
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (at, key) => (typeof at === 'object' && at !== null ? (at as Record<PropertyKey, unknown>)[key] : undefined),
    value,
  )
}
