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
  const greedy = {
    broken: stage.sampling.temperature === 0,
    key: 'sampling',
    message: 'temperature 0 always gives the likeliest completion, so that nothing else is ever tried or learnt',
  }
  const trainedOn = {
    broken: stage.heldOut === stage.prompts,
    key: 'heldOut',
    message: `'${stage.prompts}' is also trained on: name other data, or leave it out`,
  }
  return [greedy, trainedOn, ...(stage.type === 'ppo' ? ppoRules(stage) : [])]
}

/** Settings that make completions come from another distribution than the one whose log-probs are trained. */
export function samplingWarnings(name: string, { sampling }: RolloutStage): Finding[] {
  const neutral = { topK: 0, topP: 1, minP: 0, repetitionPenalty: 1, frequencyPenalty: 0 }
  const settings = ['topK', 'topP', 'minP', 'repetitionPenalty', 'frequencyPenalty'] as const
  return settings
    .filter((setting) => sampling[setting] !== neutral[setting])
    .map((setting) => ({
      path: ['stages', name, 'sampling', setting],
      message: 'log-probs are trained without it: KL and gradients are of other completions than those that are drawn',
    }))
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
