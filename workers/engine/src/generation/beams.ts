/** What a beam search does with the continuations that a model finds most likely. No tensors. */
export interface BeamSettings {
  /** Sequences kept at each step, and completions handed back. */
  numBeams: number
  maxTokens: number
  /** A completion's score is the sum of its log-probs over its length to this power. Default 1. */
  lengthPenalty?: number
  /**
   * When `numBeams` completions have ended: `true` stops at once, `false` (default) when the best running beam would
   * score less if it ended now, `'never'` when no running beam could score more up to `maxTokens`.
   */
  earlyStopping?: boolean | 'never'
  /** Ids that end a completion. */
  stopIds: readonly number[]
}

/** A sequence that may go on: its ids, the sum of their log-probs, and the beam of the step before that it continues. */
export interface Beam {
  ids: number[]
  logp: number
  parent: number
}

/** A beam and the token that may follow it, with the sum of log-probs that includes it. */
export interface Continuation {
  beam: number
  id: number
  logp: number
}

/** A finished completion; `ids` ends with the stop token where `stopped`. */
export interface Hypothesis {
  ids: number[]
  score: number
  stopped: boolean
}

/** Continuations to rank at each step: enough that `numBeams` go on even when every beam could end in every way. */
export function continuationsOf({ numBeams, stopIds }: BeamSettings): number {
  return Math.max(2, 1 + new Set(stopIds).size) * numBeams
}

/** The beams of one prompt, by the rules of Hugging Face's `generate`. */
export class Beams {
  running: readonly Beam[]
  /** Best first, at most `numBeams`; once `done`, at least one. */
  finished: readonly Hypothesis[] = []
  done = false
  readonly #settings: BeamSettings

  constructor(settings: BeamSettings) {
    this.#settings = settings
    // All beams begin as the bare prompt, so only the first counts: else they would stay alike.
    this.running = Array.from({ length: settings.numBeams }, (_, beam) => ({
      ids: [],
      logp: beam === 0 ? 0 : -1e9,
      parent: beam,
    }))
  }

  /** Takes the most likely continuations of all beams, best first, `continuationsOf(settings)` of them. */
  advance(continuations: readonly Continuation[]): void {
    const { numBeams, maxTokens, stopIds, earlyStopping = false } = this.#settings
    const next = continuations.map(({ beam, id, logp }) => ({
      ids: [...(this.running[beam]?.ids ?? []), id],
      logp,
      parent: beam,
    }))
    const length = next[0]?.ids.length ?? 0
    const stopped = ({ ids }: Beam) => stopIds.includes(ids.at(-1) ?? -1)
    const last = length === maxTokens
    // An end that is not among the best `numBeams` is dropped: it only made room for those that go on.
    for (const beam of next.slice(0, numBeams)) if (last || stopped(beam)) this.#finish(beam, stopped(beam))
    this.running = next.filter((beam) => !stopped(beam)).slice(0, numBeams)
    const full = this.finished.length === numBeams
    this.done = last || (full && (earlyStopping === true || !this.#canImprove(length)))
  }

  #finish({ ids, logp }: Beam, stopped: boolean): void {
    const hypothesis = { ids, score: this.#score(logp, ids.length), stopped }
    const ranked = [...this.finished, hypothesis].sort((a, b) => b.score - a.score)
    this.finished = ranked.slice(0, this.#settings.numBeams)
  }

  #canImprove(length: number): boolean {
    const { maxTokens, earlyStopping, lengthPenalty = 1 } = this.#settings
    const reached = earlyStopping === 'never' && lengthPenalty > 0 ? maxTokens : length
    const best = this.#score(this.running[0]?.logp ?? Number.NEGATIVE_INFINITY, reached)
    return best > (this.finished.at(-1)?.score ?? Number.NEGATIVE_INFINITY)
  }

  #score(logp: number, length: number): number {
    return logp / length ** (this.#settings.lengthPenalty ?? 1)
  }
}
