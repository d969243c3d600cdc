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
  const ppo = { type: 'ppo', from: 'sft', reward: 'taste', prompts: 'asks' }
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

it('says which run lacks a stage', () => {
  const dpo = { type: 'dpo', from: 'sft', preferences: 'votes' }
  expect(differencesOf([runOf(1, { sft }), runOf(1, { sft, dpo })])).toEqual([
    { part: 'dpo', settings: [{ key: 'stage', values: ['not in this run', 'dpo'] }] },
  ])
})
