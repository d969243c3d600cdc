import { type CompletionEvent, type CompletionRequest, type ServingPrecision, TemperError } from '@temper/db/contracts'
import type { BeamRequest, Decoding, Generated, Hypothesis } from '../generation/index.ts'
import { decoderAfter, type Tokenizer } from '../tokenizer/index.ts'
import { CompletionStream } from './completion-stream.ts'
import { promptIds } from './prompt-ids.ts'
import { TokenLogprobsQueue } from './token-logprobs.ts'

export interface Search extends Omit<BeamRequest, 'prompts'> {
  /** Token ids. */
  prompt: readonly number[]
}

/** A model that is ready to answer. */
export interface ServedModel {
  tokenizer: Tokenizer
  contextLength: number
  precision: ServingPrecision
  decode(decoding: Decoding): Promise<Generated>
  /** The best completions by beam search, best first. */
  search(search: Search): Promise<Hypothesis[]>
}

export type EmitCompletion = (event: CompletionEvent) => void

/**
 * Answers a request with events up to `completed`; returns or throws once none of its completions has a slot.
 * @throws TemperError invalid_input for a prompt that does not fit, cancelled where `signal` fires, and what the first
 *   of its completions fails with, which ends the others
 */
export async function answerRequest(
  served: ServedModel,
  request: CompletionRequest,
  signal: AbortSignal,
  emit: EmitCompletion,
): Promise<void> {
  refuseCancelled(signal)
  const prompt = promptIds(request, served.tokenizer, served.contextLength)
  const failed = new AbortController()
  const answer = new Answer(served, request, prompt, AbortSignal.any([signal, failed.signal]), emit)
  const sampled = () => Array.from({ length: request.n }, (_, index) => answer.complete(index))
  const completions = request.beams ? [answer.search(request.beams)] : sampled()
  await Promise.all(completions.map((completion) => completion.catch((thrown) => failed.abort(thrown))))
  failed.signal.throwIfAborted()
  refuseCancelled(signal)
  emit({ type: 'completed', id: request.id })
}

function refuseCancelled(signal: AbortSignal): void {
  if (signal.aborted) throw new TemperError('cancelled', 'the request was cancelled before its answer was complete')
}

/** The completions of one request. */
class Answer {
  readonly #served: ServedModel
  readonly #request: CompletionRequest
  readonly #prompt: readonly number[]
  readonly #signal: AbortSignal
  readonly #emit: EmitCompletion
  #started = false

  constructor(
    served: ServedModel,
    request: CompletionRequest,
    prompt: readonly number[],
    signal: AbortSignal,
    emit: EmitCompletion,
  ) {
    this.#served = served
    this.#request = request
    this.#prompt = prompt
    this.#signal = signal
    this.#emit = emit
  }

  /** Emits the events of completion `index`; none once the signal fires. */
  async complete(index: number): Promise<void> {
    const { id, seed, topLogprobs } = this.#request
    const stream = this.#stream(index)
    const generated = await this.#served.decode({
      prompt: this.#prompt,
      sampling: this.#sampling(),
      stopIds: this.#served.tokenizer.stopIds,
      seed,
      index,
      topLogprobs,
      signal: this.#signal,
      onToken: (token) => {
        if (this.#signal.aborted) return false
        this.#start()
        return stream.push(token)
      },
    })
    if (!this.#signal.aborted) this.#emit({ type: 'finished', id, index, ...stream.finish(generated) })
  }

  /** Emits all completions at once, the best first: a beam search knows none of them before its end. */
  async search(beams: NonNullable<CompletionRequest['beams']>): Promise<void> {
    const { stopIds } = this.#served.tokenizer
    const { maxTokens } = this.#sampling()
    const request = { prompt: this.#prompt, ...beams, maxTokens, stopIds, signal: this.#signal }
    const found = await this.#served.search(request)
    if (this.#signal.aborted) return
    this.#start()
    for (const [index, { ids, score, stopped }] of found.slice(0, this.#request.n).entries()) {
      const stream = this.#stream(index)
      // Not finite where the log-prob of any of its tokens is not.
      for (const id of ids) stream.push({ id, logp: score })
      this.#emit({ type: 'finished', id: this.#request.id, index, ...stream.finish({ stopped }) })
    }
  }

  #sampling() {
    const { sampling } = this.#request
    return { ...sampling, maxTokens: Math.min(sampling.maxTokens, this.#served.contextLength - this.#prompt.length) }
  }

  #start(): void {
    const { precision } = this.#served
    const promptTokens = this.#prompt.length
    if (!this.#started) this.#emit({ type: 'started', id: this.#request.id, promptTokens, precision })
    this.#started = true
  }

  #stream(index: number): CompletionStream {
    const { id, stop, topLogprobs, prompt } = this.#request
    const { tokenizer } = this.#served
    return new CompletionStream({
      // A text goes on where it ends; a message begins anew.
      decoder: decoderAfter(tokenizer, prompt.type === 'text' ? this.#prompt : []),
      stopIds: tokenizer.stopIds,
      stop,
      logprobs: topLogprobs === undefined ? undefined : new TokenLogprobsQueue(tokenizer),
      onPart: (part) => this.#emit({ type: 'delta', id, index, ...part }),
    })
  }
}
