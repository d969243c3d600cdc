import type { Sampling } from '@temper/db/contracts'
import { random } from '../random.ts'

/** A completion to sample. */
export interface Decoding {
  /** Token ids; room for `maxTokens` must be left behind them. */
  prompt: readonly number[]
  sampling: Sampling
  /** Ids that end it. */
  stopIds: readonly number[]
  /** Its noise depends on seed, index and position alone, whatever else is sampled beside it. */
  seed: number
  index: number
  /** How many of the most likely tokens to report beside the chosen one; 0 reports it alone. */
  topLogprobs?: number
  /** Called after each token, the one that ends it included; false ends it there. */
  onToken?: (token: DecodedToken) => boolean
  /** Ends it where it is; while it waits, before its first token. */
  signal?: AbortSignal
}

export interface DecodedToken {
  id: number
  /** At the sampling temperature, before penalties and filters; at temperature 1 where `topLogprobs` are asked for. */
  logp: number
  /** The most likely tokens first, at temperature 1. */
  top?: { id: number; logp: number }[]
}

/** `ids` ends with the stop token where `stopped`; `logps` (one a token) at the temperature, before penalties. */
export interface Generated {
  ids: number[]
  logps: number[]
  stopped: boolean
}

/** A decoding under way: its tokens so far, and how many of them its slot of the cache holds. */
export class Sequence {
  readonly decoding: Decoding
  readonly ids: number[] = []
  readonly logps: number[] = []
  /** Tokens of prompt and completion whose keys and values are in the cache. */
  held = 0
  #stopped = false
  #ended = false
  /** Resolves when it has ended. */
  readonly generated: Promise<Generated>
  #resolve: (generated: Generated) => void = () => undefined
  #reject: (thrown: unknown) => void = () => undefined

  constructor(decoding: Decoding) {
    this.decoding = decoding
    this.generated = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  /** What comes next into the cache: the rest of the prompt, then the token that was drawn last. */
  get unread(): readonly number[] {
    const { prompt } = this.decoding
    return this.held < prompt.length ? prompt.slice(this.held) : this.ids.slice(this.held - prompt.length)
  }

  get reading(): boolean {
    return this.ids.length === 0
  }

  /** Tokens it may come to. */
  get room(): number {
    return this.decoding.prompt.length + this.decoding.sampling.maxTokens
  }

  get ended(): boolean {
    return this.#ended || this.decoding.signal?.aborted === true
  }

  /** For the token that is drawn next. */
  get uniform(): number {
    const { seed, index } = this.decoding
    return Math.min(random(seed, index, this.ids.length), 1 - 2 ** -23)
  }

  push(token: DecodedToken): void {
    const { stopIds, onToken, sampling } = this.decoding
    this.ids.push(token.id)
    this.logps.push(token.logp)
    this.#stopped = stopIds.includes(token.id)
    const wanted = onToken?.(token) ?? true
    this.#ended = this.#stopped || !wanted || this.ids.length >= sampling.maxTokens
  }

  finish(): void {
    this.#resolve({ ids: this.ids, logps: this.logps, stopped: this.#stopped })
  }

  fail(thrown: unknown): void {
    this.#reject(thrown)
  }
}
