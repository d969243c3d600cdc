/** How often the labeler of this recipe is asked. */
export const pairCount = 8

/** From random weights to a DPO policy with people's votes alone, at the smallest sizes. */
export const shortRecipe = `name: by-hand
description: A tiny model, eight pairs for one person, and what DPO makes of them.
seed: 7
model:
  architecture: llama
  hiddenSize: 32
  nLayer: 2
  nHead: 2
  intermediateSize: 64
  contextLength: 128
  tokenizer: { type: bpe, vocabSize: 384, data: stories }
data:
  stories: { generator: stories, kind: text, count: 200, seed: 1 }
  conversations: { generator: stories, kind: conversations, count: 80, seed: 2 }
  requests: { generator: stories, kind: prompts, count: 40, seed: 3 }
stages:
  pretrain: { type: pretrain, data: stories, steps: 30, batchSize: 4, rowLength: 64, learningRate: 0.005 }
  sft: { type: sft, from: pretrain, data: conversations, batchSize: 8, maxLength: 96, learningRate: 0.002 }
  preferences:
    type: preferences
    from: sft
    prompts: requests
    pairs: ${pairCount}
    sampling: { temperature: 1, maxTokens: 24 }
    heldOutFraction: 0.2
    guidelines: Choose the story with more animals.
  dpo: { type: dpo, from: sft, preferences: preferences, epochs: 4, batchSize: 4, maxLength: 96, learningRate: 0.001 }
  release: { type: release, from: dpo, name: by-hand-dpo }
`
