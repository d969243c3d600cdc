import { type CompletionEvent, type CompletionRequest, type EngineEvent, TemperError } from '@temper/db/contracts'
import type { EngineProcess } from '../engine-process/index.ts'

type Send = (event: CompletionEvent) => void

interface InFlight {
  send: Send
  resolve: () => void
  reject: (error: unknown) => void
}

/** Requests that a `serve` job has in hand; its events are told apart by the id of the request. */
export class RequestsInFlight {
  readonly #engine: Pick<EngineProcess, 'tell'>
  readonly #byId = new Map<string, InFlight>()
  #failure: unknown

  constructor(engine: Pick<EngineProcess, 'tell'>) {
    this.#engine = engine
  }

  /**
   * Has `model` (a folder) answer, and waits until it has: `send` gets every event, the last one too. After `signal` the
   * engine frees what the request holds. Throws `conflict` for an id that is in use, else what the job failed of.
   */
  async ask(model: string, request: CompletionRequest, send: Send, signal: AbortSignal): Promise<void> {
    const { id } = request
    if (this.#failure) throw this.#failure
    if (this.#byId.has(id)) throw new TemperError('conflict', `a request '${id}' is under way`)
    const cancel = () => this.#engine.tell({ type: 'cancel', id })
    try {
      await new Promise<void>((resolve, reject) => {
        this.#byId.set(id, { send, resolve, reject })
        this.#engine.tell({ type: 'request', model, request })
        if (signal.aborted) cancel()
        else signal.addEventListener('abort', cancel, { once: true })
      })
    } finally {
      signal.removeEventListener('abort', cancel)
      this.#byId.delete(id)
    }
  }

  /** Takes every event of the job. */
  take(event: EngineEvent): void {
    if (event.type !== 'completion') return
    const inFlight = this.#byId.get(event.event.id)
    inFlight?.send(event.event)
    if (event.event.type === 'completed' || event.event.type === 'refused') inFlight?.resolve()
  }

  /** The job is over: nobody answers any more. */
  fail(error: unknown): void {
    this.#failure = error
    for (const { reject } of this.#byId.values()) reject(error)
  }
}
