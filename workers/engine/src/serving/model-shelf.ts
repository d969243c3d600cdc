/** Something that takes memory until it is closed. */
export interface Closable {
  close(): void
}

interface Place<M> {
  model: Promise<M>
  uses: Set<Promise<unknown>>
}

/**
 * Keeps the models that were asked for last ready, at most `capacity` at once. One that must make room takes no more
 * uses, and is closed when those under way have ended; only then is the next one loaded. So nobody waits for ever, and
 * no more memory is taken than `capacity` models need.
 */
export class ModelShelf<M extends Closable> {
  readonly #capacity: number
  readonly #load: (dir: string) => Promise<M>
  /** By folder, the one that was asked for last at the end. */
  readonly #places = new Map<string, Place<M>>()

  constructor(capacity: number, load: (dir: string) => Promise<M>) {
    this.#capacity = capacity
    this.#load = load
  }

  /** Runs `work` with the model in `dir`, loaded where it is not. Throws what loading throws; the next use tries again. */
  async use<T>(dir: string, work: (model: M) => Promise<T>): Promise<T> {
    const place = this.#places.get(dir) ?? this.#newPlace(dir)
    this.#places.delete(dir)
    this.#places.set(dir, place)
    const use = place.model.then(work)
    place.uses.add(use)
    try {
      return await use
    } finally {
      place.uses.delete(use)
    }
  }

  /** Closes all models, each once its uses have ended. */
  async close(): Promise<void> {
    await Promise.all([...this.#places.keys()].map((dir) => this.#leave(dir)))
  }

  #newPlace(dir: string): Place<M> {
    const [oldest] = this.#places.keys()
    const left = oldest !== undefined && this.#places.size >= this.#capacity ? this.#leave(oldest) : Promise.resolve()
    const place: Place<M> = { model: left.then(() => this.#load(dir)), uses: new Set() }
    place.model.catch(() => {
      if (this.#places.get(dir) === place) this.#places.delete(dir)
    })
    return place
  }

  async #leave(dir: string): Promise<void> {
    const place = this.#places.get(dir)
    if (!place) return
    this.#places.delete(dir)
    await Promise.allSettled(place.uses)
    const [model] = await Promise.allSettled([place.model])
    if (model.status === 'fulfilled') model.value.close()
  }
}
