import type { Run } from '@temper/db/contracts'
import { showSetting } from './stage-settings.ts'

/** As many runs as their lines can be told apart. */
export const mostCompared = 4

/** What runs beside each other are called, and how their lines look: letter and dashes tell as much as the colour. */
export interface RunMark {
  letter: string
  color: string
  dash: number[]
}

export const runMarks: readonly RunMark[] = [
  { letter: 'A', color: 'var(--accent)', dash: [] },
  { letter: 'B', color: 'var(--preferences)', dash: [9, 4] },
  { letter: 'C', color: 'var(--ppo)', dash: [2, 3] },
  { letter: 'D', color: 'var(--ink)', dash: [11, 3, 2, 3] },
]

/** What of a run its settings are read from. */
export interface ComparedRun extends Pick<Run, 'seed' | 'recipe'> {
  /** In the order of the graph. */
  stages: readonly Pick<Run['stages'][number], 'name'>[]
}

/** Settings of one part of the recipes that are not the same in all runs; `values` are one a run. */
export interface Difference {
  part: string
  settings: { key: string; values: string[] }[]
}

/** Where recipes differ, defaults filled in: what is about the whole run first, then stage by stage. */
export function differencesOf(runs: readonly ComparedRun[]): Difference[] {
  const whole = runs.map(({ seed, recipe: { model, data } }) => flatten({ seed, model, data }))
  const parts = [{ part: 'whole run', settings: differing(whole) }]
  for (const part of stageNames(runs)) {
    const stages = runs.map(({ recipe }) => recipe.stages[part])
    const lacking = stages.some((stage) => stage === undefined)
    const settings = lacking
      ? [{ key: 'stage', values: stages.map((stage) => stage?.type ?? 'not in this run') }]
      : differing(stages.map(flatten))
    parts.push({ part, settings })
  }
  return parts.filter(({ settings }) => settings.length > 0)
}

/** Of all runs, in the order in which they first come. */
export function stageNames(runs: readonly Pick<ComparedRun, 'stages'>[]): string[] {
  return [...new Set(runs.flatMap(({ stages }) => stages.map(({ name }) => name)))]
}

function differing(settings: readonly Map<string, string>[]): Difference['settings'] {
  const keys = [...new Set(settings.flatMap((own) => [...own.keys()]))]
  const rows = keys.map((key) => ({ key, values: settings.map((own) => own.get(key) ?? 'not set') }))
  return rows.filter(({ values }) => new Set(values).size > 1)
}

/** Every value by its path, such as `sampling.temperature` or `rewards.0.weight`; code in full, since lengths may agree. */
function flatten(value: unknown): Map<string, string> {
  const leaves = new Map<string, string>()
  const visit = (inner: unknown, path: string) => {
    if (typeof inner === 'string') leaves.set(path, inner)
    else if (!hasParts(inner)) leaves.set(path, showSetting(inner))
    else for (const [key, own] of Object.entries(inner)) visit(own, path === '' ? key : `${path}.${key}`)
  }
  visit(value, '')
  return leaves
}

/** Records, and lists of records. */
function hasParts(value: unknown): value is object {
  const isRecord = (inner: unknown) => typeof inner === 'object' && inner !== null && !Array.isArray(inner)
  return isRecord(value) || (Array.isArray(value) && value.length > 0 && value.every(isRecord))
}
