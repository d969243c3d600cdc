import { tinyModel } from '../fixtures/tiny-model.ts'

/** Answers in the playground may be long, so that there is time to stop them. */
const longModel = tinyModel.replace('contextLength: 128', 'contextLength: 2048')

/** From random weights to a DPO policy with people's votes alone, and its evaluation, at the smallest sizes. */
export const shortRecipe = `name: by-hand
description: A tiny model, eight pairs for one person, and what DPO makes of them.
${longModel}  held-out: { generator: stories, kind: prompts, count: 24, seed: 4, split: held-out }
stages:
  pretrain: { type: pretrain, data: stories, steps: 30, batchSize: 4, rowLength: 64, learningRate: 0.005 }
  sft: { type: sft, from: pretrain, data: conversations, batchSize: 8, maxLength: 96, learningRate: 0.002 }
  preferences:
    type: preferences
    from: sft
    prompts: requests
    pairs: 8
    sampling: { temperature: 1, maxTokens: 24 }
    heldOut: 0.2
    guidelines: Choose the story with more animals.
  dpo: { type: dpo, from: sft, preferences: preferences, epochs: 4, batchSize: 4, maxLength: 96, learningRate: 0.001 }
  evaluate:
    type: evaluate
    candidates: [dpo]
    baseline: sft
    prompts: held-out
    judge: { taste: stories }
    sampling: { temperature: 1, maxTokens: 24 }
  release: { type: release, from: dpo, name: by-hand-dpo }
`
