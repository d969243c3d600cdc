import { tinyModel } from '../fixtures/tiny-model.ts'

/** From random weights to a DPO policy with people's votes alone, at the smallest sizes. */
export const shortRecipe = `name: by-hand
description: A tiny model, eight pairs for one person, and what DPO makes of them.
${tinyModel}stages:
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
  release: { type: release, from: dpo, name: by-hand-dpo }
`
