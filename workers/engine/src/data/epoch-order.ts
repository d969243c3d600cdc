import { seedOf, shuffle } from '../random.ts'

/** The order in which an epoch visits n examples: a function of seed and epoch alone. */
export function epochOrder(seed: number, epoch: number, n: number): number[] {
  return shuffle(Array(n).keys(), seed, seedOf('epoch'), epoch)
}
