import { TemperError } from '@temper/db/contracts'
import type { Model } from '../models/index.ts'
import type { Program } from '../tracing/index.ts'
import { firstHolders, promptFeeds, tokenFeeds } from './beam-feeds.ts'
import {
  type BeamShape,
  type DecodeStep,
  defineDecode,
  definePrefill,
  type Policy,
  type PrefillStep,
} from './beam-steps.ts'
import { type BeamSettings, Beams, continuationsOf, type Hypothesis } from './beams.ts'
import { cacheVariables, type KvCache } from './kv-cache.ts'
import { checkRoom, roomOf } from './prompt-room.ts'

export interface BeamRequest extends BeamSettings {
  /** Token ids of each prompt, none empty. */
  prompts: readonly (readonly number[])[]
}

type Continuations = Record<'logps' | 'choices', { data: ArrayLike<number> }>

/**
 * Beam search over the weights that a program holds under `role`. The prompts of a request run together, with
 * `numBeams` slots each; another number of prompts has functions and a cache of its own. Beams share what they have
 * read: rows of the cache never move, each beam keeps the slot that holds each of its positions.
 */
export class BeamSearch {
  readonly #policy: Policy
  readonly #caches = new Map<string, KvCache>()
  readonly #prefills = new Map<string, PrefillStep>()
  readonly #decodes = new Map<string, DecodeStep>()

  /** @param precision - of matrix products and of the cache */
  constructor(program: Program, model: Model, role: string, precision: 'fp32' | 'bf16' = 'fp32') {
    this.#policy = { program, model, role, precision }
  }

  /**
   * Completions of each prompt, best first: `numBeams` of them, or fewer where no more have ended.
   * Throws `invalid_input` for less than one beam or token, and for prompts that leave no room to answer.
   */
  async search(request: BeamRequest): Promise<Hypothesis[][]> {
    const { prompts } = request
    this.#check(request)
    const searches = prompts.map(() => new Beams(request))
    if (prompts.length > 0) await this.#run(searches, request)
    return searches.map(({ finished }) => [...finished])
  }

  #check({ prompts, numBeams, maxTokens }: BeamRequest): void {
    for (const [name, count] of Object.entries({ numBeams, maxTokens })) {
      if (Number.isInteger(count) && count >= 1) continue
      const message = `${name} must be a whole number from 1 on, got ${count}`
      throw new TemperError('invalid_input', message, { details: { [name]: count } })
    }
    checkRoom(prompts, maxTokens, this.#policy.model.contextLength)
  }

  /** Prefills every prompt once, then decodes all beams together until each search is done. */
  async #run(searches: readonly Beams[], request: BeamRequest): Promise<void> {
    const { prompts, numBeams, maxTokens } = request
    const { contextLength, vocabSize } = this.#policy.model
    const { promptLength, cacheLength } = roomOf(prompts, maxTokens, contextLength)
    const cache = await this.#cache(prompts.length, numBeams, cacheLength)
    const shape = { prompts: prompts.length, numBeams, width: continuationsOf(request), cache }
    const [prefill, decode] = [this.#prefill(shape, promptLength), this.#decode(shape)]

    advance(searches, await prefill(promptFeeds(prompts, searches, shape, promptLength)), vocabSize)
    let holders = firstHolders(shape)
    while (searches.some(({ done }) => !done)) {
      const feeds = tokenFeeds(prompts, searches, shape, holders)
      holders = feeds.holders
      advance(searches, await decode(feeds), vocabSize)
    }
  }

  async #cache(prompts: number, numBeams: number, length: number): Promise<KvCache> {
    const { program, model, role, precision } = this.#policy
    const name = `cache/${role}/beams/${prompts}x${numBeams}x${length}`
    const known = this.#caches.get(name)
    if (known) return known
    const cache = { name, slots: prompts * numBeams, length, storage: precision }
    await program.addVariables(cacheVariables(cache, model))
    this.#caches.set(name, cache)
    return cache
  }

  #prefill(shape: BeamShape, promptLength: number): PrefillStep {
    const key = `${shape.cache.name}/${promptLength}/${shape.width}`
    const step = this.#prefills.get(key) ?? definePrefill(this.#policy, shape, promptLength)
    this.#prefills.set(key, step)
    return step
  }

  #decode(shape: BeamShape): DecodeStep {
    const key = `${shape.cache.name}/${shape.width}`
    const step = this.#decodes.get(key) ?? defineDecode(this.#policy, shape)
    this.#decodes.set(key, step)
    return step
  }
}

/** Hands each search what the model found for its prompt. */
function advance(searches: readonly Beams[], { logps, choices }: Continuations, vocabSize: number): void {
  const width = choices.data.length / searches.length
  for (const [prompt, search] of searches.entries()) {
    if (search.done) continue
    const continuations = Array.from({ length: width }, (_, i) => {
      const choice = choices.data[prompt * width + i] ?? 0
      const logp = logps.data[prompt * width + i] ?? Number.NaN
      return { beam: Math.floor(choice / vocabSize), id: choice % vocabSize, logp }
    })
    search.advance(continuations)
  }
}
