import type { CompletionEvent } from '@temper/db/contracts'
import type { DecodedToken } from '../generation/index.ts'
import type { Tokenizer } from '../tokenizer/index.ts'

export type TokenLogprobs = NonNullable<Extract<CompletionEvent, { type: 'delta' }>['logprobs']>[number]

/** Log-probs of tokens, kept until text of the token, or behind it, is handed out. */
export class TokenLogprobsQueue {
  readonly #tokenizer: Tokenizer
  #waiting: { start: number; logprobs: TokenLogprobs }[] = []

  constructor(tokenizer: Tokenizer) {
    this.#tokenizer = tokenizer
  }

  /** @param start - length of the text before the token */
  push(token: DecodedToken, start: number): void {
    const top = (token.top ?? []).map((other) => this.#entry(other))
    this.#waiting.push({ start, logprobs: { ...this.#entry(token), top } })
  }

  /** Those of tokens that begin before `length` characters of text; all that are left unless it is given. */
  take(length = Number.POSITIVE_INFINITY): TokenLogprobs[] {
    const taken = this.#waiting.filter(({ start }) => start < length)
    this.#waiting = this.#waiting.slice(taken.length)
    return taken.map(({ logprobs }) => logprobs)
  }

  /** A token that holds part of a character has U+FFFD as text; its bytes tell more. */
  #entry({ id, logp }: { id: number; logp: number }) {
    const bytes = this.#tokenizer.bytesOf(id)
    return { token: new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(bytes)), bytes, logprob: logp }
  }
}
