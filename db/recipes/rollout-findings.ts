import { type RolloutStage, rewardSourceName, rewardStages, toTemperError } from '../contracts/index.ts'
import { compileRewardFunction } from './compile-reward-function.ts'
import type { Finding } from './finding.ts'

/** What is wrong with the rewards and settings of a stage that learns from them, beside the names of its stages. */
export function rolloutFindings(name: string, stage: RolloutStage): Finding[] {
  const path = ['stages', name]
  return [
    ...functionFindings(path, stage),
    ...nameFindings(path, stage),
    ...rulesOf(stage)
      .filter(({ broken }) => broken)
      .map(({ key, message }) => ({ path: [...path, key], message })),
  ]
}

function functionFindings(path: string[], { rewards }: RolloutStage): Finding[] {
  return rewards.flatMap((source, index) => {
    if ('reward' in source) return []
    try {
      compileRewardFunction(source.code)
      return []
    } catch (thrown) {
      return [{ path: [...path, 'rewards', index, 'code'], message: toTemperError(thrown).message }]
    }
  })
}

function nameFindings(path: string[], { rewards }: RolloutStage): Finding[] {
  const names = rewards.map(rewardSourceName)
  return names.flatMap((name, index) => {
    if (names.indexOf(name) === index) return []
    return [
      { path: [...path, 'rewards', index], message: `'${name}' names an earlier reward: metrics would be mixed up` },
    ]
  })
}

interface Rule {
  broken: boolean
  key: string
  message: string
}

function rulesOf(stage: RolloutStage): Rule[] {
  return stage.type === 'ppo' ? ppoRules(stage) : groupRules(stage)
}

function ppoRules({ rewards, valueInit, valueBody, adaptiveKl, klCoef }: Extract<RolloutStage, { type: 'ppo' }>) {
  return [
    {
      broken: valueInit === 'reward' && valueBody === 'shared',
      key: 'valueBody',
      message: "a shared body is the policy's, not the reward model's: set 'valueInit: zero' beside it",
    },
    {
      broken: valueInit === 'reward' && valueBody === 'own' && rewardStages(rewards).length === 0,
      key: 'rewards',
      message: "no reward model among them for the value model to start from: set 'valueInit: zero'",
    },
    {
      broken: adaptiveKl !== undefined && klCoef === 0,
      key: 'adaptiveKl',
      message: "multiplies 'klCoef', which is 0 and would stay so",
    },
  ]
}

function groupRules({ sampling, groupSize }: Extract<RolloutStage, { type: 'grpo' | 'rloo' }>) {
  return [
    {
      broken: sampling.temperature === 0,
      key: 'sampling',
      message: `temperature 0 gives ${groupSize} equal completions of a prompt, which teach nothing`,
    },
  ]
}
