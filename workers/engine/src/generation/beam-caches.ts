import { TemperError } from '@temper/db/contracts'
import { nameOf } from '../models/index.ts'
import type { Policy } from './beam-steps.ts'
import { bytesPerToken, cacheVariables, type KvCache } from './kv-cache.ts'

/** The caches of beam searches, one a shape, kept for the next search of that shape while there is memory for it. */
export class BeamCaches {
  readonly #policy: Policy
  readonly #mostBytes: number
  readonly #byShape = new Map<string, KvCache>()
  #made = 0

  /** @param mostBytes - that the caches of all shapes may take together */
  constructor(policy: Policy, mostBytes = 2 ** 31) {
    this.#policy = policy
    this.#mostBytes = mostBytes
  }

  /** A cache of that many slots and positions. Throws `invalid_input` for one that is larger than all may be. */
  async get(slots: number, length: number): Promise<KvCache> {
    const { program, model, role, precision } = this.#policy
    const shape = `${slots}x${length}`
    const known = this.#byShape.get(shape)
    if (known) return known
    // Functions belong to one cache for ever: one that is made again needs another name.
    const cache = { name: `cache/${nameOf(role)}/beams/${this.#made++}/${shape}`, slots, length, storage: precision }
    await this.#makeRoom(this.#bytesOf(cache))
    await program.addVariables(cacheVariables(cache, model))
    this.#byShape.set(shape, cache)
    return cache
  }

  async #makeRoom(bytes: number): Promise<void> {
    const mostBytes = this.#mostBytes
    if (bytes > mostBytes) {
      const message = `a beam search of this many beams and tokens would take ${bytes} bytes, at most ${mostBytes} are given`
      throw new TemperError('invalid_input', message, { details: { bytes, mostBytes } })
    }
    const caches = [...this.#byShape.values()]
    const held = caches.reduce((sum, cache) => sum + this.#bytesOf(cache), 0)
    if (held + bytes <= mostBytes) return
    const { program, model } = this.#policy
    await program.removeVariables(caches.flatMap((cache) => Object.keys(cacheVariables(cache, model))))
    this.#byShape.clear()
  }

  #bytesOf({ slots, length, storage }: KvCache): number {
    return slots * length * bytesPerToken(this.#policy.model, storage)
  }
}
