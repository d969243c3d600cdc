import { random, seedOf } from '../random.ts'
import { type BatchSettings, EpochSource } from './epoch-source.ts'

/** Items of one source, and its share among others. */
export interface WeightedItems<T> {
  items: readonly T[]
  weight: number
}

/** Where a stage's batches come from. */
export type BatchSource<T> = Pick<EpochSource<T>, 'stepsOf' | 'passesOf'>

/** One source epoch by epoch, or several mixed by their weights. */
export function sourceOf<T>(sources: readonly WeightedItems<T>[], seed: number): BatchSource<T> {
  const [only, ...more] = sources
  return only && more.length === 0 ? new EpochSource(only.items, seed) : new MixedSource(sources, seed)
}

/**
 * An endless mixture of sources: which one gives the item at place `g` is drawn by their weights from seed and `g`
 * alone, and each goes through its own items epoch after epoch. So the item at a place is a function of seed and place.
 */
export class MixedSource<T> {
  readonly #sources: readonly EpochSource<T>[]
  readonly #weights: readonly number[]
  readonly #seed: number
  readonly #count: number
  /** How many items each source has given before the place `#walked`. */
  #taken: number[]
  #walked = 0

  constructor(sources: readonly WeightedItems<T>[], seed: number) {
    this.#sources = sources.map(({ items }, index) => new EpochSource(items, seed + index))
    this.#weights = sources.map(({ weight }) => weight)
    this.#seed = seed
    this.#count = sources.reduce((sum, { items }) => sum + items.length, 0)
    this.#taken = sources.map(() => 0)
  }

  /** Optimizer steps that take `epochs` times as many items as there are; at least one. */
  stepsOf(epochs: number, { batchSize, gradientAccumulation }: BatchSettings): number {
    return Math.max(1, Math.ceil((epochs * this.#count) / (batchSize * gradientAccumulation)))
  }

  /** Items of optimizer step `step` (from 1), a list a pass. */
  passesOf(step: number, { batchSize, gradientAccumulation }: BatchSettings): T[][] {
    const first = (step - 1) * gradientAccumulation
    return Array.from({ length: gradientAccumulation }, (_, pass) =>
      Array.from({ length: batchSize }, (_, row) => this.#at((first + pass) * batchSize + row)),
    )
  }

  #at(place: number): T {
    this.#walkTo(place)
    const index = weightedIndex(this.#weights, this.#seed, place)
    const [item] = (this.#sources[index] as EpochSource<T>).take(this.#taken[index] ?? 0, 1)
    return item as T
  }

  /** Counts anew only after a step back; a resumed stage counts once. */
  #walkTo(place: number) {
    if (place < this.#walked) {
      this.#walked = 0
      this.#taken = this.#sources.map(() => 0)
    }
    for (; this.#walked < place; this.#walked++) {
      const index = weightedIndex(this.#weights, this.#seed, this.#walked)
      this.#taken[index] = (this.#taken[index] ?? 0) + 1
    }
  }
}

/** An index drawn by weights; `counters` name the draw. */
export function weightedIndex(weights: readonly number[], seed: number, ...counters: number[]): number {
  if (weights.length === 1) return 0
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  let left = random(seed, seedOf('source'), ...counters) * total
  const index = weights.findIndex((weight) => {
    left -= weight
    return left < 0
  })
  return index === -1 ? weights.length - 1 : index
}
