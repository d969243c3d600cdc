import type { Model } from '@temper/engine/models'

/** So many sequences at a time, each with a prompt of so many tokens and the new ones behind it. */
export interface Point {
  batch: number
  promptLength: number
  newTokens: number
}

const newTokens = 64
const batches = [1, 2, 4, 8, 16, 32, 64]
const promptLengths = [256, 1024, 4096]

/** Batches of short prompts, then longer prompts alone, as far as the context goes. */
export function pointsOf({ contextLength }: Pick<Model, 'contextLength'>): Point[] {
  const ofBatches = batches.map((batch) => ({ batch, promptLength: 64, newTokens }))
  const ofLengths = promptLengths.map((promptLength) => ({ batch: 1, promptLength, newTokens }))
  return [...ofBatches, ...ofLengths].filter(({ promptLength }) => promptLength + newTokens <= contextLength)
}
