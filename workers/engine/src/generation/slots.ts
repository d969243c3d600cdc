import type { Sequence } from './sequence.ts'

/** A prefix is worth waiting for, or copying from another slot, where it saves this many tokens. */
const worthSharing = 16

/** Where a sequence may go: after the first `held` tokens of what slot `from` holds, which are its own too. */
export interface Placement {
  slot: number
  from: number
  held: number
}

/** Which sequence has which slot of a cache, and which tokens a slot holds: also after its sequence has ended. */
export class Slots {
  readonly #sequences: (Sequence | undefined)[]
  readonly #held: number[][]
  /** The slot that was left longest ago first. */
  readonly #free: number[]

  constructor(count: number) {
    this.#sequences = Array(count).fill(undefined)
    this.#held = Array.from({ length: count }, () => [])
    this.#free = [...this.#held.keys()]
  }

  get count(): number {
    return this.#held.length
  }

  get hasFree(): boolean {
    return this.#free.length > 0
  }

  /** Sequences under way with their slots, those that came first first. */
  get live(): [slot: number, sequence: Sequence][] {
    return this.#order.map((slot) => [slot, this.#sequences[slot] as Sequence])
  }

  readonly #order: number[] = []

  lengthOf(slot: number): number {
    return this.#held[slot]?.length ?? 0
  }

  /** What free slots hold has no meaning any more. They are given out in their first order again. */
  forget(): void {
    for (const slot of this.#free) this.cut(slot, 0)
    this.#free.sort((a, b) => a - b)
  }

  /** What a slot holds has no meaning from `length` on. */
  cut(slot: number, length: number): void {
    this.#held[slot]?.splice(length)
  }

  /**
   * A free slot for a prompt, with as much of it as is in the cache already. Undefined where it is better to wait for a
   * sequence that is reading the same just now.
   */
  place(prompt: readonly number[]): Placement | undefined {
    const shared = (tokens: readonly number[]) => commonPrefix(tokens, prompt)
    const best = (slots: readonly number[]) =>
      slots.reduce((a, b) => (shared(this.#held[b] ?? []) > shared(this.#held[a] ?? []) ? b : a))
    const slot = best(this.#free)
    const own = shared(this.#held[slot] ?? [])
    const reading = this.live.filter(([, sequence]) => sequence.reading)
    if (reading.some(([, { decoding }]) => shared(decoding.prompt) >= own + worthSharing)) return undefined
    const other = best([...this.#held.keys()])
    const held = shared(this.#held[other] ?? [])
    return held >= own + worthSharing ? { slot, from: other, held } : { slot, from: slot, held: own }
  }

  occupy(sequence: Sequence, { slot, from, held }: Placement): void {
    this.#free.splice(this.#free.indexOf(slot), 1)
    this.#order.push(slot)
    this.#sequences[slot] = sequence
    this.#held[slot] = (this.#held[from] ?? []).slice(0, held)
    sequence.held = held
  }

  /** The slot's sequence has read these tokens. */
  read(slot: number, tokens: readonly number[]): void {
    const sequence = this.#sequences[slot]
    if (sequence) sequence.held += tokens.length
    this.#held[slot]?.push(...tokens)
  }

  leave(slot: number): void {
    this.#sequences[slot] = undefined
    this.#order.splice(this.#order.indexOf(slot), 1)
    this.#free.push(slot)
  }
}

/** At most all but the last token: something must be read for there to be a next one. */
function commonPrefix(tokens: readonly number[], prompt: readonly number[]): number {
  const most = Math.min(tokens.length, prompt.length - 1)
  for (let i = 0; i < most; i++) if (tokens[i] !== prompt[i]) return i
  return most
}
