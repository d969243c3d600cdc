import type { Size } from './sizes.ts'

/** A model of which every work takes moments. */
export const tiny: Size = {
  hiddenSize: 16,
  nLayer: 2,
  nHead: 2,
  vocabSize: 64,
  train: { batchSize: 2, length: 16 },
  generate: { prompts: 3, promptLength: 5, newTokens: 4 },
  ppo: { prompts: 3, promptLength: 5, newTokens: 4 },
}
