import type { Program, Values } from '../tracing/index.ts'
import type { Kept } from './training-state.ts'

export interface BestOptions {
  /** Looks without a lower loss after which to stop. */
  patience?: number | undefined
  /** Variables to keep a copy of, where the best ones are what the stage leaves. */
  names: readonly string[]
}

/** Names of the copies in the resume part. */
const prefix = 'best/'

/** The lowest held-out loss so far, how long ago it was, and a copy of the weights it was measured with. */
export class BestWeights {
  readonly #program: Program
  readonly #options: BestOptions
  #step = 0
  #loss = Number.POSITIVE_INFINITY
  #looksSince = 0
  #weights: Record<string, Values> = {}

  constructor(program: Program, options: BestOptions) {
    this.#program = program
    this.#options = options
  }

  /** Undefined before the first look. */
  get found(): { step: number; loss: number } | undefined {
    return this.#step === 0 ? undefined : { step: this.#step, loss: this.#loss }
  }

  get exhausted(): boolean {
    const { patience } = this.#options
    return patience !== undefined && this.#looksSince >= patience
  }

  async look(step: number, loss: number): Promise<void> {
    if (loss >= this.#loss) {
      this.#looksSince++
      return
    }
    this.#step = step
    this.#loss = loss
    this.#looksSince = 0
    if (this.#options.names.length > 0) this.#weights = await this.#program.read(this.#options.names)
  }

  /** Writes the best weights over those of now, and forgets the copy. */
  async takeBack(): Promise<void> {
    await this.#program.write(this.#weights)
    this.#weights = {}
  }

  get kept(): Kept {
    const copies = Object.entries(this.#weights).map(([name, values]) => [prefix + name, values] as const)
    const { found } = this
    return {
      state: found === undefined ? {} : { best: { ...found, looksSince: this.#looksSince } },
      tensors: Object.fromEntries(copies),
    }
  }

  restore({ state, tensors }: Kept): void {
    const best = state.best as { step: number; loss: number; looksSince: number } | undefined
    if (best === undefined) return
    this.#step = best.step
    this.#loss = best.loss
    this.#looksSince = best.looksSince
    const copies = Object.entries(tensors).filter(([name]) => name.startsWith(prefix))
    this.#weights = Object.fromEntries(copies.map(([name, values]) => [name.slice(prefix.length), values]))
  }
}
