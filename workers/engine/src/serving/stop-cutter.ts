/**
 * Cuts a text that comes in pieces where the first of the stop texts begins, however the pieces lie. What may be the
 * beginning of a stop text is held back until more is known; all else is handed out at once. Lone surrogates of a stop
 * text count as U+FFFD, as in every other text.
 */
export class StopCutter {
  readonly #stops: readonly string[]
  #held = ''
  #stopped = false

  constructor(stops: readonly string[]) {
    this.#stops = stops.map((stop) => stop.replace(/\p{Surrogate}/gu, '\uFFFD'))
  }

  /** A stop text was found: nothing follows. */
  get stopped(): boolean {
    return this.#stopped
  }

  /** The text that is certain not to lie in or behind a stop text, now that this piece has come. */
  push(piece: string): string {
    if (this.#stopped) return ''
    this.#held += piece
    const [found, open] = [this.#firstStop(), this.#firstBeginning()]
    // A longer stop text that begins earlier may still be completed.
    if (found <= open) return this.#cutAt(found)
    const certain = this.#held.slice(0, open)
    this.#held = this.#held.slice(open)
    return certain
  }

  /** What was held back, once no more text comes. */
  end(): string {
    return this.#cutAt(this.#firstStop())
  }

  #cutAt(end: number): string {
    const certain = this.#held.slice(0, end)
    this.#stopped ||= end < this.#held.length
    this.#held = ''
    return certain
  }

  /** Where the first whole stop text begins, Infinity where there is none. */
  #firstStop(): number {
    const places = this.#stops.map((stop) => this.#held.indexOf(stop)).filter((at) => at !== -1)
    return Math.min(...places)
  }

  /** Where the end of the text is the beginning of a stop text; the end itself where it is not. */
  #firstBeginning(): number {
    const longest = Math.max(0, ...this.#stops.map(({ length }) => length - 1))
    let at = Math.max(0, this.#held.length - longest)
    while (at < this.#held.length && !this.#stops.some((stop) => stop.startsWith(this.#held.slice(at)))) at++
    return at
  }
}
