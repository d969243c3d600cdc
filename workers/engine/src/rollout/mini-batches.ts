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

export interface UpdatePlan extends MiniBatchSettings {
  /** Of an iteration. */
  episodes: number
  /** Passes over them. */
  epochs: number
}

/** Optimizer steps of an iteration: fewer than asked for where there are fewer episodes. */
export function updatesPerIteration(plan: UpdatePlan): number {
  return plan.epochs * Math.ceil(plan.episodes / miniBatchSize(plan.episodes, plan))
}

/** The mini-batches of an iteration (from 1) in their order, each with the number of its step over all iterations. */
export function updatesOf(plan: UpdatePlan, { seed, iteration }: Omit<UpdatePass, 'epoch'>) {
  const epochs = Array.from({ length: plan.epochs }, (_, epoch) =>
    shuffledMiniBatches(plan.episodes, plan, { seed, iteration, epoch }),
  )
  const before = (iteration - 1) * updatesPerIteration(plan)
  return epochs.flat().map((miniBatch, i) => ({ miniBatch, step: before + i + 1 }))
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
