import { epochOrder } from '../data/index.ts'

/** Items of a forward and backward pass, and passes of an optimizer step. */
export interface BatchSettings {
  batchSize: number
  gradientAccumulation: number
}

/**
 * An endless sequence of items, epoch after epoch: the item at place `g` is a function of seed and `g` alone, so a
 * resumed run repeats none and skips none. Sequential order is the order of the file, as TRL's reference runs use.
 */
export class EpochSource<T> {
  readonly #items: readonly T[]
  readonly #seed: number | 'sequential'
  #order: { epoch: number; indices: readonly number[] } | undefined

  constructor(items: readonly T[], seed: number | 'sequential') {
    this.#items = items
    this.#seed = seed
  }

  /** Optimizer steps that see every item `epochs` times; at least one. */
  stepsOf(epochs: number, { batchSize, gradientAccumulation }: BatchSettings): number {
    return Math.max(1, Math.ceil((epochs * this.#items.length) / (batchSize * gradientAccumulation)))
  }

  /** Items of optimizer step `step` (from 1), a list a pass. */
  passesOf(step: number, { batchSize, gradientAccumulation }: BatchSettings): T[][] {
    const first = (step - 1) * gradientAccumulation
    return Array.from({ length: gradientAccumulation }, (_, pass) => this.take((first + pass) * batchSize, batchSize))
  }

  /** Items `start` up to `start + count` of the endless sequence. */
  take(start: number, count: number): T[] {
    return Array.from({ length: count }, (_, offset) => this.#at(start + offset))
  }

  #at(place: number): T {
    const epoch = Math.floor(place / this.#items.length)
    const index = place % this.#items.length
    if (this.#seed === 'sequential') return this.#items[index] as T
    if (this.#order?.epoch !== epoch)
      this.#order = { epoch, indices: epochOrder(this.#seed, epoch, this.#items.length) }
    return this.#items[this.#order.indices[index] as number] as T
  }
}
