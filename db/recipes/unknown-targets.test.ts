import { expect, it } from 'vitest'
import { parseRecipe } from './parse-recipe.ts'
import { unknownTargets } from './unknown-targets.ts'

const recipe = parseRecipe(`name: tiny
model: { checkpoint: ckpt_abcdefghijklmnopqrst }
data:
  talks: { generator: stories, kind: conversations, count: 10 }
stages:
  sft: { type: sft, data: talks, lora: { targets: [q_proj, down_proj] } }
  more: { type: sft, from: sft, data: talks, lora: {} }
`)

it('finds layers that a model of the type does not have', () => {
  expect(unknownTargets(recipe, 'qwen3')).toEqual([])
  expect(unknownTargets(recipe, 'mixtral')).toEqual([
    {
      path: ['stages', 'sft', 'lora', 'targets', 1],
      message: "a mixtral model has no layer 'down_proj' for adapters; expected some of q_proj, k_proj, v_proj, o_proj",
    },
  ])
  expect(unknownTargets(recipe, 'gpt2')).toHaveLength(2)
})
