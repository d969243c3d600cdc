import {
  type Recipe,
  type RecipeProblem,
  type RolloutStage,
  type StageOf,
  type StageSpec,
  type StageType,
  sourcesOf,
  TemperError,
} from '../contracts/index.ts'
import { dataUses } from './data-uses.ts'
import type { Finding } from './finding.ts'
import { lossFindings } from './loss-findings.ts'
import { nearest } from './nearest.ts'
import { planRecipe } from './plan-recipe.ts'
import { rolloutFindings, samplingWarnings } from './rollout-findings.ts'
import type { SourceMap } from './source-map.ts'
import { unknownTargets } from './unknown-targets.ts'

const policyTypes = ['pretrain', 'sft', 'dpo', 'ppo', 'grpo', 'rloo'] as const satisfies StageType[]

/** Checks what a schema cannot: that names refer to something, of the right type, and not in a circle. */
export function meaningProblems(recipe: Recipe, source: SourceMap): RecipeProblem[] {
  const stages = Object.entries(recipe.stages)
  const findings = [
    ...(stages.length === 0 ? [{ path: ['stages'], message: 'a recipe needs at least one stage' }] : []),
    ...(recipe.stages.model === undefined
      ? []
      : [{ path: ['stages', 'model'], message: "'model' names the starting model; call the stage otherwise" }]),
    ...dataFindings(recipe),
    ...stages.flatMap(([name, stage]) => stageFindings(recipe, name, stage)),
    ...stages.flatMap(([name, stage]) => sampleFindings(name, stage)),
    ...('architecture' in recipe.model ? unknownTargets(recipe, recipe.model.architecture) : []),
  ]
  return [...(findings.length > 0 ? findings : circleFindings(recipe))].map((finding) => toProblem(finding, source))
}

/** What is allowed, but probably a slip. */
export function meaningWarnings(recipe: Recipe, source: SourceMap): RecipeProblem[] {
  const sampling = Object.entries(recipe.stages).flatMap(([name, stage]) =>
    'rewards' in stage ? samplingWarnings(name, stage) : [],
  )
  return [...unusedData(recipe), ...sampling].map((finding) => toProblem(finding, source))
}

function unusedData(recipe: Recipe): Finding[] {
  const used = new Set(dataUses(recipe).map((use) => use.name))
  const unused = Object.keys(recipe.data).filter((name) => !used.has(name))
  return unused.map((name) => ({ path: ['data', name], message: `no stage uses the data source '${name}'` }))
}

function dataFindings(recipe: Recipe): Finding[] {
  return dataUses(recipe).flatMap(({ name, kinds, path }) => {
    const data = recipe.data[name]
    if (data === undefined) return [unknownName(path, 'data source', name, Object.keys(recipe.data))]
    if (!('kind' in data) || kinds.includes(data.kind)) return []
    return [{ path, message: `'${name}' holds ${data.kind}; expected ${kinds.join(' or ')}` }]
  })
}

function stageFindings(recipe: Recipe, name: string, stage: StageSpec): Finding[] {
  const reference = (key: string, target: string, types: readonly StageType[]) =>
    referenceFindings(recipe, ['stages', name, ...key.split('.')], target, types)
  switch (stage.type) {
    case 'pretrain':
      return [
        ...validationFindings(name, stage),
        ...(stage.from === 'model' ? [] : reference('from', stage.from, policyTypes)),
      ]
    case 'sft':
      return [...validationFindings(name, stage), ...reference('from', stage.from, policyTypes)]
    case 'preferences':
      return [
        ...sourceFindings(name, stage),
        ...(stage.prompts === undefined ? [] : reference('from', stage.from, policyTypes)),
      ]
    case 'reward':
    case 'dpo':
      return [
        ...(stage.type === 'dpo' ? lossFindings(name, stage) : tieFindings(name, stage)),
        ...reference('from', stage.from, policyTypes),
        ...reference('preferences', stage.preferences, ['preferences']),
      ]
    case 'ppo':
    case 'grpo':
    case 'rloo':
      return [
        ...dropoutFindings(name, stage),
        ...reference('from', stage.from, policyTypes),
        ...stage.rewards.flatMap((source, index) =>
          'reward' in source
            ? referenceFindings(recipe, ['stages', name, 'rewards', index, 'reward'], source.reward, ['reward'])
            : [],
        ),
        ...rolloutFindings(name, stage),
      ]
    case 'evaluate':
      return evaluateFindings(recipe, name, stage)
    case 'release':
      return releaseFindings(recipe, name, stage)
  }
}

/** What an update drops would part the policy from the one that sampled: ratios would not begin at 1. */
function dropoutFindings(name: string, { type, lora }: RolloutStage): Finding[] {
  if (lora === undefined || lora.dropout === 0) return []
  const path = ['stages', name, 'lora', 'dropout']
  return [{ path, message: `${type} compares the policy with itself as it sampled, without dropout` }]
}

function sampleFindings(name: string, stage: StageSpec): Finding[] {
  if (!('samplePrompts' in stage) || stage.samplePrompts > 0 || stage.sampleEverySteps === undefined) return []
  const message = "there is nothing to answer: 'samplePrompts' is 0"
  return [{ path: ['stages', name, 'sampleEverySteps'], message }]
}

function validationFindings(name: string, stage: StageOf<'pretrain' | 'sft'>): Finding[] {
  const { validation, patience, keep } = stage
  const path = ['stages', name]
  if (typeof validation === 'string') {
    const trained = sourcesOf(stage.data).some((source) => source.name === validation)
    const message = `'${validation}' is also trained on: name other data, or a share of it such as 0.05`
    return trained ? [{ path: [...path, 'validation'], message }] : []
  }
  if (validation > 0) return []
  const needs = "needs 'validation', whose val_loss decides"
  return [
    ...(patience === undefined ? [] : [{ path: [...path, 'patience'], message: needs }]),
    ...(keep === 'last' ? [] : [{ path: [...path, 'keep'], message: `'best' ${needs}` }]),
  ]
}

function tieFindings(name: string, { ties, tieNu }: StageOf<'reward'>): Finding[] {
  if (tieNu === undefined || ties === 'davidson') return []
  return [{ path: ['stages', name, 'tieNu'], message: `'ties: ${ties}' does not read it: it belongs to 'davidson'` }]
}

function sourceFindings(name: string, stage: StageOf<'preferences'>): Finding[] {
  const path = ['stages', name]
  if (stage.prompts === undefined && stage.data === undefined) {
    return [{ path, message: "needs 'prompts' to sample pairs for, or 'data' with imported preferences" }]
  }
  if (stage.prompts !== undefined && stage.data !== undefined) {
    return [{ path: [...path, 'data'], message: "takes either 'prompts' or 'data', not both" }]
  }
  if (stage.data === undefined && typeof stage.heldOut === 'string') {
    return [
      {
        path: [...path, 'heldOut'],
        message: "of sampled pairs it is a share, such as 0.15; a data source is tested on beside 'data'",
      },
    ]
  }
  if (stage.data !== undefined && stage.data === stage.heldOut) {
    return [
      {
        path: [...path, 'heldOut'],
        message: `'${stage.data}' is also trained on: name other data, or a share of it such as 0.15`,
      },
    ]
  }
  if (stage.data === undefined || stage.simulated === undefined) return []
  return [{ path: [...path, 'simulated'], message: 'imported preferences are judged already; nobody votes on them' }]
}

function evaluateFindings(recipe: Recipe, name: string, stage: StageOf<'evaluate'>): Finding[] {
  const path = ['stages', name]
  const check = (key: (string | number)[], target: string, types: readonly StageType[]) =>
    referenceFindings(recipe, [...path, ...key], target, types)
  return [
    ...stage.candidates.flatMap((candidate, index) => check(['candidates', index], candidate, policyTypes)),
    ...check(['baseline'], stage.baseline, policyTypes),
    ...('reward' in stage.judge ? check(['judge', 'reward'], stage.judge.reward, ['reward']) : []),
    ...(stage.reward === undefined ? [] : check(['reward'], stage.reward, ['reward'])),
    ...stage.candidates.flatMap((candidate, index) =>
      candidate === stage.baseline
        ? [{ path: [...path, 'candidates', index], message: `'${candidate}' is also the baseline` }]
        : [],
    ),
  ]
}

function releaseFindings(recipe: Recipe, name: string, stage: StageOf<'release'>): Finding[] {
  const path = ['stages', name]
  const after = stage.after.flatMap((target, index) =>
    recipe.stages[target] === undefined
      ? [unknownName([...path, 'after', index], 'stage', target, Object.keys(recipe.stages))]
      : [],
  )
  const judged = stage.after.some((target) => {
    const evaluation = recipe.stages[target]
    return evaluation?.type === 'evaluate' && evaluation.candidates.includes(stage.from)
  })
  const gate = stage.minWinRate === undefined || judged || after.length > 0
  return [
    ...referenceFindings(recipe, [...path, 'from'], stage.from, [...policyTypes, 'reward']),
    ...after,
    ...(gate
      ? []
      : [
          {
            path: [...path, 'minWinRate'],
            message: `needs an evaluate stage in 'after' with '${stage.from}' among its candidates`,
          },
        ]),
  ]
}

function referenceFindings(
  recipe: Recipe,
  path: (string | number)[],
  target: string,
  types: readonly StageType[],
): Finding[] {
  if (target === 'model' && (types as readonly string[]).includes('sft')) {
    if ('checkpoint' in recipe.model) return []
    return [{ path, message: "'model' has random weights here: start from a pretrain stage, or from a checkpoint" }]
  }
  const stage = recipe.stages[target]
  if (stage === undefined) return [unknownName(path, 'stage', target, Object.keys(recipe.stages))]
  if (types.includes(stage.type)) return []
  return [{ path, message: `'${target}' is a ${stage.type} stage; expected ${types.join(', ')}` }]
}

function unknownName(path: (string | number)[], what: string, name: string, known: string[]): Finding {
  const guess = nearest(name, known)
  const hint = guess === null ? '' : `; the nearest is '${guess}'`
  return { path, message: `there is no ${what} '${name}'${hint}`, nearest: guess }
}

function circleFindings(recipe: Recipe): Finding[] {
  try {
    planRecipe(recipe)
    return []
  } catch (error) {
    if (!(error instanceof TemperError)) throw error
    return [{ path: ['stages', String(error.details.stage)], message: error.message }]
  }
}

function toProblem({ path, message, nearest = null }: Finding, source: SourceMap): RecipeProblem {
  const { line, column } = source.ofValue(path)
  return { message: `${path.join('.')}: ${message}`, line, column, key: String(path.at(-1)), nearest }
}
