import { TemperError } from '@temper/db/contracts'
import type { Model, Role } from '../models/index.ts'
import type { Program } from '../tracing/index.ts'
import { BeamCaches } from './beam-caches.ts'
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
import { checkRoom, roomOf } from './prompt-room.ts'

export interface BeamRequest extends BeamSettings {
  /** Token ids of each prompt, none empty. */
  prompts: readonly (readonly number[])[]
  /** Ends the search after the step that it is in. */
  signal?: AbortSignal
}

type Continuations = Record<'logps' | 'choices', { data: ArrayLike<number> }>

/**
 * Beam search over the weights that a program holds under `role`, one request after another. The prompts of a request
 * run together, with `numBeams` slots each; another number of prompts has functions and a cache of its own. Beams share
 * what they have read: rows of the cache never move, each beam keeps the slot that holds each of its positions.
 */
export class BeamSearch {
  readonly #policy: Policy
  readonly #caches: BeamCaches
  readonly #prefills = new Map<string, PrefillStep>()
  readonly #decodes = new Map<string, DecodeStep>()
  #last: Promise<unknown> = Promise.resolve()

  /** @param precision - of matrix products and of the cache */
  constructor(program: Program, model: Model, role: Role, precision: 'fp32' | 'bf16' = 'fp32') {
    this.#policy = { program, model, role, precision }
    this.#caches = new BeamCaches(this.#policy)
  }

  /**
   * Completions of each prompt, best first: `numBeams` of them, or fewer where no more have ended.
   * Throws `invalid_input` for less than one beam or token, for prompts that leave no room to answer, and for more beams
   * than there is memory for; `cancelled` where the signal comes.
   */
  async search(request: BeamRequest): Promise<Hypothesis[][]> {
    this.#check(request)
    const searches = request.prompts.map(() => new Beams(request))
    if (request.prompts.length > 0) await this.#inTurn(() => this.#run(searches, request))
    return searches.map(({ finished }) => [...finished])
  }

  /** Searches of one shape share a cache. */
  async #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#last.then(work)
    this.#last = turn.catch(() => undefined)
    return turn
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
    const { prompts, numBeams, maxTokens, signal } = request
    refuseCancelled(signal)
    const { contextLength, vocabSize } = this.#policy.model
    const { promptLength, cacheLength } = roomOf(prompts, maxTokens, contextLength)
    const cache = await this.#caches.get(prompts.length * numBeams, cacheLength)
    const shape = { prompts: prompts.length, numBeams, width: continuationsOf(request), cache }
    const [prefill, decode] = [this.#prefill(shape, promptLength), this.#decode(shape)]

    advance(searches, await prefill(promptFeeds(prompts, searches, shape, promptLength)), vocabSize)
    let holders = firstHolders(shape)
    while (searches.some(({ done }) => !done)) {
      refuseCancelled(signal)
      const feeds = tokenFeeds(prompts, searches, shape, holders)
      holders = feeds.holders
      advance(searches, await decode(feeds), vocabSize)
    }
  }

  #prefill(shape: BeamShape, promptLength: number): PrefillStep {
    const key = `${shape.cache.name}/${shape.prompts}/${promptLength}/${shape.width}`
    const step = this.#prefills.get(key) ?? definePrefill(this.#policy, shape, promptLength)
    this.#prefills.set(key, step)
    return step
  }

  #decode(shape: BeamShape): DecodeStep {
    const key = `${shape.cache.name}/${shape.prompts}/${shape.width}`
    const step = this.#decodes.get(key) ?? defineDecode(this.#policy, shape)
    this.#decodes.set(key, step)
    return step
  }
}

function refuseCancelled(signal?: AbortSignal): void {
  if (signal?.aborted) throw new TemperError('cancelled', 'the beam search was cancelled before it was complete')
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
