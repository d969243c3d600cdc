import { type CompletionEvent, TemperError } from '@temper/db/contracts'
import type { DecodedToken, Generated } from '../generation/index.ts'
import type { StreamDecoder } from '../tokenizer/index.ts'
import { StopCutter } from './stop-cutter.ts'
import type { TokenLogprobsQueue } from './token-logprobs.ts'

export type CompletionPart = Pick<Extract<CompletionEvent, { type: 'delta' }>, 'text' | 'tokens' | 'logprobs'>
export type CompletionEnd = Pick<Extract<CompletionEvent, { type: 'finished' }>, 'reason' | 'tokens'>

export interface CompletionStreamOptions {
  decoder: StreamDecoder
  /** The completion ends with one of these; they have no text. */
  stopIds: readonly number[]
  stop: readonly string[]
  /** Where log-probs are asked for. */
  logprobs?: TokenLogprobsQueue
  /** Takes text as it becomes certain, with the log-probs of its tokens. */
  onPart: (part: CompletionPart) => void
}

/** The text of one completion as its tokens come: whole characters, cut where a stop text begins. */
export class CompletionStream {
  readonly #options: CompletionStreamOptions
  readonly #cutter: StopCutter
  #tokens = 0
  /** Lengths of the text so far, and of what of it is handed out. */
  #length = 0
  #sent = 0
  #finite = true

  constructor(options: CompletionStreamOptions) {
    this.#options = options
    this.#cutter = new StopCutter(options.stop)
  }

  /** Takes a token; false when no more are wanted. */
  push(token: DecodedToken): boolean {
    this.#tokens++
    this.#finite = Number.isFinite(token.logp)
    if (!this.#finite || this.#options.stopIds.includes(token.id)) return false
    this.#options.logprobs?.push(token, this.#length)
    const text = this.#options.decoder.push(token.id)
    this.#length += text.length
    this.#send(this.#cutter.push(text))
    return !this.#cutter.stopped
  }

  /**
   * Hands out what was held back, once the last token has come.
   * @throws TemperError non_finite where the model gave a token no probability
   */
  finish({ stopped }: Pick<Generated, 'stopped'>): CompletionEnd {
    if (!this.#finite)
      throw new TemperError('non_finite', 'the log-prob of a token is not finite: the weights are broken')
    const rest = this.#cutter.push(this.#options.decoder.end())
    this.#send(rest + this.#cutter.end(), !this.#cutter.stopped)
    return { reason: stopped || this.#cutter.stopped ? 'stop' : 'length', tokens: this.#tokens }
  }

  /** @param last - log-probs of tokens without text come too */
  #send(text: string, last = false): void {
    this.#sent += text.length
    const logprobs = this.#options.logprobs?.take(last ? undefined : this.#sent)
    if (text === '' && !logprobs?.length) return
    this.#options.onPart({ text, tokens: this.#tokens, ...(logprobs && { logprobs }) })
  }
}
