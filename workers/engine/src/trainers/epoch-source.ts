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
  stepsOf(epochs: number, settings: BatchSettings): number {
    return Math.max(1, Math.ceil(epochs * this.#stepsOfEpoch(settings)))
  }

  /** Items of optimizer step `step` (from 1), a list a pass. The last step of an epoch has those that are left, as in TRL. */
  passesOf(step: number, settings: BatchSettings): T[][] {
    const { batchSize, gradientAccumulation } = settings
    const steps = this.#stepsOfEpoch(settings)
    const epoch = Math.floor((step - 1) / steps)
    const first = ((step - 1) % steps) * batchSize * gradientAccumulation
    const count = Math.min(batchSize * gradientAccumulation, this.#items.length - first)
    const items = this.take(epoch * this.#items.length + first, count)
    return Array.from({ length: Math.ceil(count / batchSize) }, (_, pass) =>
      items.slice(pass * batchSize, (pass + 1) * batchSize),
    )
  }

  /** Items `start` up to `start + count` of the endless sequence. */
  take(start: number, count: number): T[] {
    return Array.from({ length: count }, (_, offset) => this.#at(start + offset))
  }

  #stepsOfEpoch({ batchSize, gradientAccumulation }: BatchSettings): number {
    return Math.ceil(this.#items.length / (batchSize * gradientAccumulation))
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
