import { recipeSchema } from '@temper/db/contracts'
import { expect, it } from 'vitest'
import { differencesOf } from './compare-runs.ts'

function runOf(seed: number, stages: Record<string, object>) {
  const model = { checkpoint: 'ckpt_abcdefghij2345672345' }
  const recipe = recipeSchema.parse({ name: 'some', model, data: {}, stages })
  return { seed, recipe, stages: Object.keys(stages).map((name) => ({ name })) }
}

const sft = { type: 'sft', data: 'talks' }

it('finds nothing where recipes say the same, one with a default spelled out', () => {
  const runs = [runOf(1, { sft }), runOf(1, { sft: { ...sft, learningRate: 2e-5 } })]
  expect(differencesOf(runs)).toEqual([])
})

it('names the settings that differ by stage, nested ones by their path', () => {
  const ppo = { type: 'ppo', from: 'sft', rewards: [{ reward: 'taste' }], prompts: 'asks' }
  const runs = [
    runOf(1, { sft, ppo }),
    runOf(2, { sft: { ...sft, batchSize: 4 }, ppo: { ...ppo, sampling: { temperature: 1 } } }),
  ]
  expect(differencesOf(runs)).toEqual([
    { part: 'whole run', settings: [{ key: 'seed', values: ['1', '2'] }] },
    { part: 'sft', settings: [{ key: 'batchSize', values: ['8', '4'] }] },
    { part: 'ppo', settings: [{ key: 'sampling.temperature', values: ['0.7', '1'] }] },
  ])
})

it('tells rewards apart by weight, and functions of equal length by their code', () => {
  const grpo = (weight: number, code: string) => {
    const rewards = [
      { reward: 'taste', weight },
      { function: 'even', code },
    ]
    return { type: 'grpo', from: 'sft', rewards, prompts: 'asks' }
  }
  const [one, two] = ['export default (all) =>\n  all.map(() => 1)', 'export default (all) =>\n  all.map(() => 2)']
  expect(differencesOf([runOf(1, { grpo: grpo(1, one) }), runOf(1, { grpo: grpo(0.5, two) })])).toEqual([
    {
      part: 'grpo',
      settings: [
        { key: 'rewards.0.weight', values: ['1', '0.5'] },
        { key: 'rewards.1.code', values: [one, two] },
      ],
    },
  ])
})

it('says which run lacks a stage', () => {
  const dpo = { type: 'dpo', from: 'sft', preferences: 'votes' }
  expect(differencesOf([runOf(1, { sft }), runOf(1, { sft, dpo })])).toEqual([
    { part: 'dpo', settings: [{ key: 'stage', values: ['not in this run', 'dpo'] }] },
  ])
})
