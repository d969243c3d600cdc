import { seedOf, shuffle } from '../random.ts'

export interface MiniBatchSettings {
  /** Optimizer steps that a pass over all episodes is divided into. */
  miniBatches: number
  /** Episodes of one forward and backward pass; a whole mini-batch unless set. */
  batchSize?: number | undefined
}

/** Which pass over a rollout it is; the order of its episodes is a function of it alone. */
export interface UpdatePass {
  seed: number
  iteration: number
  epoch: number
}

/** Episodes in shuffled order: a list of mini-batches, each a list of passes, each a list of places in the rollout. */
export function shuffledMiniBatches(
  episodes: number,
  settings: MiniBatchSettings,
  { seed, iteration, epoch }: UpdatePass,
): number[][][] {
  const order = shuffle(Array(episodes).keys(), seed, seedOf('ppo/mini-batches'), iteration, epoch)
  const rows = passRows(episodes, settings)
  return chunksOf(order, miniBatchSize(episodes, settings)).map((miniBatch) => chunksOf(miniBatch, rows))
}

/** Optimizer steps of a pass over all episodes: fewer than asked for where there are fewer episodes. */
export function updatesPerEpoch(episodes: number, settings: MiniBatchSettings): number {
  return Math.ceil(episodes / miniBatchSize(episodes, settings))
}

/** Episodes of one forward and backward pass. */
export function passRows(episodes: number, settings: MiniBatchSettings): number {
  return Math.min(settings.batchSize ?? episodes, miniBatchSize(episodes, settings))
}

function miniBatchSize(episodes: number, { miniBatches }: MiniBatchSettings): number {
  return Math.ceil(episodes / miniBatches)
}

function chunksOf<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size))
}
