/** Sends the files of one import; `onBytes` takes how many bytes of all of them are there. */
type SendFiles = (signal: AbortSignal, onBytes: (done: number) => void) => Promise<void>

/**
 * Files on their way to imports, by the id of the import. They go on while other pages are shown, so that whoever comes
 * back can follow and stop them.
 */
export class Sendings {
  readonly #aborters = new Map<string, AbortController>()
  readonly #listeners = new Set<() => void>()
  #bytes: ReadonlyMap<string, number> = new Map()

  /** Runs to the end of the sending. Answers false where it was stopped; throws what else ended it. */
  async run(id: string, sendFiles: SendFiles): Promise<boolean> {
    const aborter = new AbortController()
    this.#aborters.set(id, aborter)
    this.#note(id, 0)
    try {
      await sendFiles(aborter.signal, (done) => this.#note(id, done))
      return true
    } catch (error) {
      if (aborter.signal.aborted) return false
      throw error
    } finally {
      this.#aborters.delete(id)
      this.#note(id, undefined)
    }
  }

  /** Nothing happens for an import to which nothing is sent from here. */
  stop(id: string): void {
    this.#aborters.get(id)?.abort()
  }

  /** Bytes that are there of each import that is being sent; another map after each change. */
  readonly bytes = (): ReadonlyMap<string, number> => this.#bytes

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #note(id: string, done: number | undefined): void {
    const others = [...this.#bytes].filter(([other]) => other !== id)
    this.#bytes = new Map(done === undefined ? others : [...others, [id, done]])
    for (const listener of this.#listeners) listener()
  }
}
