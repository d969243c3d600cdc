import type { Feeds, ForwardFunction } from '../forward/index.ts'
import type { PairBatch, PairSource } from './pair-source.ts'
import type { Pair } from './pairs.ts'
import { digestOfPairs, readReference, writeReference } from './reference-file.ts'

/** Where the log-probs may stand already, where they are to be left, and who hears of it. */
export interface ReferenceCache {
  known?: string | undefined
  file: string
  report(outcome: { file: string; pairs: number; found: boolean }): void
}

/** Summed log-probs of both answers of each pair under the frozen policy that a stage starts from. */
export class ReferenceLogps {
  /** In the order in which they are stored. */
  readonly #pairs: readonly Pair[]
  readonly #logps = new Map<Pair, [number, number]>()

  constructor(pairs: readonly Pair[]) {
    this.#pairs = pairs
  }

  /** Measures some pairs, or all, under the weights of now, which are the reference's before the first step. */
  async compute(source: PairSource, logps: ForwardFunction<'chosen' | 'rejected'>, pairs = this.#pairs): Promise<void> {
    const measured = await source.measure(pairs, logps, 'log-probs of the reference')
    for (const { pair, chosen, rejected } of measured) this.#logps.set(pair, [chosen, rejected])
  }

  /** Takes the log-probs of the pairs from `cache.known` where they stand there; else computes them and leaves a file. */
  async find(cache: ReferenceCache, compute: () => Promise<void>): Promise<void> {
    const digest = digestOfPairs(this.#pairs)
    const known = cache.known === undefined ? undefined : await readReference(cache.known, digest)
    if (known !== undefined && cache.known !== undefined) {
      this.values = known
      cache.report({ file: cache.known, pairs: this.#pairs.length, found: true })
      return
    }
    await compute()
    await writeReference(cache.file, digest, this.values)
    cache.report({ file: cache.file, pairs: this.#pairs.length, found: false })
  }

  /** Chosen and rejected of each pair in turn. */
  get values(): Float32Array {
    return Float32Array.from(this.#pairs.flatMap((pair) => this.#logps.get(pair) ?? [Number.NaN, Number.NaN]))
  }

  set values(values: ArrayLike<number>) {
    for (const [i, pair] of this.#pairs.entries()) {
      this.#logps.set(pair, [values[2 * i] ?? Number.NaN, values[2 * i + 1] ?? Number.NaN])
    }
  }

  /** `refChosen` and `refRejected`, each (size): a batch that is not full repeats its first pair. */
  feeds({ pairs }: PairBatch, size: number): Feeds {
    const side = (which: 0 | 1) => {
      const logps = (i: number) => this.#logps.get(pairs[i] ?? (pairs[0] as Pair)) ?? [Number.NaN, Number.NaN]
      return { shape: [size], data: Float32Array.from({ length: size }, (_, i) => logps(i)[which]) }
    }
    return { refChosen: side(0), refRejected: side(1) }
  }
}
