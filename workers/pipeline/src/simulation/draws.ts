import { random } from '@temper/engine/random'

/** Random choices of one story, one after the other: a function of seed and story number. */
export class Draws {
  readonly #seed: number
  readonly #counters: number[]
  #drawn = 0

  constructor(seed: number, ...counters: number[]) {
    this.#seed = seed
    this.#counters = counters
  }

  /** Uniform in [0, 1). */
  next(): number {
    return random(this.#seed, ...this.#counters, this.#drawn++)
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.next() * items.length)] as T
  }
}
