import { type CompletionRequest, TemperError, toTemperError } from '@temper/db/contracts'
import { answerRequest, type EmitCompletion, type ServedModel } from './answer-request.ts'
import { type Closable, ModelShelf } from './model-shelf.ts'

export interface RequestDeskOptions {
  /** How many models stay ready. */
  models: number
  /** Makes the model in a folder ready. */
  load: (dir: string) => Promise<ServedModel & Closable>
  /** Every request ends with one `completed` or one `refused`. */
  emit: EmitCompletion
}

interface UnderWay {
  stop: AbortController
  answer: Promise<void>
}

/** Takes requests to models, answers all of them together, and cancels those that nobody waits for any more. */
export class RequestDesk {
  readonly #emit: EmitCompletion
  readonly #shelf: ModelShelf<ServedModel & Closable>
  readonly #underWay = new Map<string, UnderWay>()

  constructor({ models, load, emit }: RequestDeskOptions) {
    this.#emit = emit
    this.#shelf = new ModelShelf(models, load)
  }

  /** No request is under way. */
  get idle(): boolean {
    return this.#underWay.size === 0
  }

  /** Answers a request to the model in folder `dir`, after those that came before where slots are few. */
  take(dir: string, request: CompletionRequest): void {
    const { id } = request
    if (this.#underWay.has(id)) {
      this.#refuse(id, new TemperError('conflict', `a request with the id ${id} is under way`, { details: { id } }))
      return
    }
    const stop = new AbortController()
    this.#underWay.set(id, { stop, answer: this.#answer(dir, request, stop.signal) })
  }

  /** Ends a request; one that is over already stays as it is. */
  cancel(id: string): void {
    this.#underWay.get(id)?.stop.abort()
  }

  /** Cancels every request, and frees the models once the last has ended. */
  async close(): Promise<void> {
    const underWay = [...this.#underWay.values()]
    for (const { stop } of underWay) stop.abort()
    await Promise.all(underWay.map(({ answer }) => answer))
    await this.#shelf.close()
  }

  async #answer(dir: string, request: CompletionRequest, signal: AbortSignal): Promise<void> {
    try {
      await this.#shelf.use(dir, (model) => answerRequest(model, request, signal, this.#emit))
    } catch (thrown) {
      this.#refuse(request.id, thrown)
    } finally {
      this.#underWay.delete(request.id)
    }
  }

  #refuse(id: string, thrown: unknown): void {
    const { code, message, details } = toTemperError(thrown)
    this.#emit({ type: 'refused', id, code, message, details })
  }
}
