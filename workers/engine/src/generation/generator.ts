import type { Sampling } from '@temper/db/contracts'
import type { Model, Role } from '../models/index.ts'
import type { Precision, Program } from '../tracing/index.ts'
import { Decoder } from './decoder.ts'
import { checkRoom } from './prompt-room.ts'
import type { Generated } from './sequence.ts'

export interface GenerationRequest {
  /** Token ids of each prompt, none empty. */
  prompts: readonly (readonly number[])[]
  sampling: Sampling
  /** Ids that end a completion. */
  stopIds: readonly number[]
  seed: number
  /** Number of the first prompt in its job: the noise of a completion depends on seed, number and position alone. */
  firstIndex?: number
  /** Called after each token with the index of the prompt and the ids so far; return false to stop everything. */
  onToken?: (index: number, ids: readonly number[]) => boolean
}

/**
 * Completions of many prompts at a time from the weights that a program holds under `role`. The weights are the
 * program's own: a policy in training generates with the weights of its last update.
 */
export class Generator {
  readonly #decoder: Decoder
  readonly #contextLength: number

  /**
   * @param precision - of matrix products and of the cache; there is no decoding in fp16: it is done in fp32
   * @param longest - tokens that a sequence may come to. Where it is given, completions are the same to the last bit
   * whatever was generated before: a resumed run samples as an undisturbed one.
   */
  constructor(
    program: Program,
    model: Model,
    role: Role,
    slots: number,
    precision: Precision = 'fp32',
    longest?: number,
  ) {
    const decoding = precision === 'fp16' ? 'fp32' : precision
    this.#decoder = new Decoder({ program, model, role, precision: decoding }, slots, longest)
    this.#contextLength = model.contextLength
  }

  /** Completions in the order of the prompts. Throws `invalid_input` for prompts that leave no room to answer. */
  async generate({ prompts, firstIndex = 0, onToken, ...shared }: GenerationRequest): Promise<Generated[]> {
    checkRoom(prompts, shared.sampling.maxTokens, this.#contextLength)
    this.#decoder.forget()
    const stop = new AbortController()
    const completions = prompts.map((prompt, i) => {
      const ids: number[] = []
      const take = ({ id }: { id: number }) => {
        ids.push(id)
        const wanted = onToken?.(i, ids) ?? true
        if (!wanted) stop.abort()
        return wanted
      }
      return this.#decoder.decode({ ...shared, prompt, index: firstIndex + i, onToken: take, signal: stop.signal })
    })
    return Promise.all(completions)
  }
}
