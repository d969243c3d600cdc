import { type PromptGroup, packGroups, promptGroup } from '../data/index.ts'
import { batchFeeds, type Feeds, type ForwardFunction, namedFeeds, tokenFeeds } from '../forward/index.ts'
import { type BatchSettings, EpochSource } from './epoch-source.ts'
import { type Pair, withoutTies } from './pairs.ts'

/** What a stage that learns from pairs is made from. */
export interface PairData {
  pairs: readonly Pair[]
  /** Never trained on. */
  heldOut: readonly Pair[]
  seed: number | 'sequential'
  /** Optimizer steps, unless they follow from epochs. */
  totalSteps?: number
  /** What became of the judged pairs, for the result. */
  counts?: Record<string, number>
  /** Told before each batch of a pass over many pairs, which takes minutes: reports it, and throws to end it. */
  onPass?: (pass: PairPass) => void
}

/** A pass over pairs that is no training: how many of them are behind it. */
export interface PairPass {
  phase: 'log-probs of the reference' | 'scores of trained pairs' | 'held-out pairs'
  done: number
  pairs: number
}

/** Up to N = `batchSize` pairs: sequences are numbered chosen 0 … N − 1, rejected N … 2N − 1. */
export interface PairBatch {
  pairs: readonly Pair[]
  feeds: Feeds
  dataRows: readonly number[]
  /** Real tokens. */
  tokens: number
}

/** What sums over a step are divided by: over all its pairs, and over those that are no tie. */
interface StepCounts {
  denominator: number
  decidedCount: number
}

/** What a forward function says on both answers of a pair. */
export interface MeasuredPair {
  pair: Pair
  chosen: number
  rejected: number
}

/** Of a row: enough that it is filled well, and short where attention is not our own kernel's. */
const rowTokens = 1024

/** Judged pairs as batches of one size: those of an optimizer step, and those that hold every pair once. */
export class PairSource {
  readonly totalSteps: number
  readonly #source: EpochSource<Pair>
  readonly #settings: BatchSettings
  readonly #reads: 'log-probs' | 'scores'
  readonly #onPass: PairData['onPass']

  /** @param reads - what a step asks of an answer: inputs that it does not read would be shapes more to compile for */
  constructor(
    { pairs, seed, totalSteps, onPass }: PairData,
    settings: BatchSettings & { epochs: number },
    reads: 'log-probs' | 'scores',
  ) {
    this.#source = new EpochSource(pairs, seed)
    this.#settings = settings
    this.#reads = reads
    this.#onPass = onPass
    this.totalSteps = totalSteps ?? this.#source.stepsOf(settings.epochs, settings)
  }

  /** Batches of optimizer step `step` (from 1), one a pass. */
  batchesOf(step: number): PairBatch[] {
    const passes = this.#source.passesOf(step, this.#settings)
    const counts = { denominator: passes.flat().length, decidedCount: withoutTies(passes.flat()).length }
    return passes.map((pairs) => this.#batch(pairs, counts))
  }

  /** Every pair once, in order. `denominator` is what sums over a batch are divided by. */
  *cover(pairs: readonly Pair[], denominator: number, phase: PairPass['phase']): Generator<PairBatch> {
    const { batchSize } = this.#settings
    const decidedCount = withoutTies(pairs).length
    for (let first = 0; first < pairs.length; first += batchSize) {
      this.#onPass?.({ phase, done: first, pairs: pairs.length })
      yield this.#batch(pairs.slice(first, first + batchSize), { denominator, decidedCount })
    }
  }

  /** What `forward` says on every pair, in order. */
  async measure(
    pairs: readonly Pair[],
    forward: ForwardFunction<'chosen' | 'rejected'>,
    phase: PairPass['phase'],
  ): Promise<MeasuredPair[]> {
    const measured: MeasuredPair[] = []
    for (const batch of this.cover(pairs, 1, phase)) {
      const { chosen, rejected } = await forward.run(batch.feeds)
      for (const [i, pair] of batch.pairs.entries()) {
        measured.push({ pair, chosen: chosen.data[i] ?? Number.NaN, rejected: rejected.data[i] ?? Number.NaN })
      }
    }
    return measured
  }

  /** Pairs packed into rows, each prompt once for both of its answers. A batch that is not full repeats its first pair with weight 0. */
  #batch(pairs: readonly Pair[], counts: StepCounts): PairBatch {
    const size = this.#settings.batchSize
    const filled = Array.from({ length: size }, (_, i) => pairs[i] ?? (pairs[0] as Pair))
    const packed = packGroups(filled.map(groupOf), { rowTokens })
    const ofPairs = {
      pairWeights: Float32Array.from(filled, (_, i) => (i < pairs.length ? 1 : 0)),
      ties: Float32Array.from(filled, ({ tie }) => (tie ? 1 : 0)),
      strengths: Float32Array.from(filled, ({ strength }) => strength),
      desirable: Float32Array.from(filled, ({ desirable }) => (desirable ? 1 : 0)),
      ...counts,
    }
    const feeds =
      this.#reads === 'scores'
        ? {
            ...tokenFeeds(packed),
            ...namedFeeds({ lastPositions: packed.lastPositions.slice(0, 2 * size), ...ofPairs }),
          }
        : batchFeeds(packed, { sequenceOf: packed.sequenceOf, ...ofPairs })
    const tokens = pairs.reduce((sum, { chosen, rejected }) => sum + chosen.ids.length + rejected.ids.length, 0)
    return { pairs, feeds, dataRows: pairs.flatMap(({ chosen }) => chosen.dataRows ?? []), tokens }
  }
}

function groupOf({ chosen, rejected }: Pair): PromptGroup {
  return promptGroup([chosen, rejected])
}
