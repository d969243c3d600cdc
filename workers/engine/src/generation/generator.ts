import { type Sampling, TemperError } from '@temper/db/contracts'
import { type Model, paramsOf } from '../models/index.ts'
import { random } from '../random.ts'
import { tf } from '../runtime/tf.ts'
import type { CompiledFunction, Program } from '../tracing/index.ts'
import { cacheVariables, decodeAttend, type KvCache, prefillAttend } from './kv-cache.ts'
import { hasPenalty, PastVariables } from './penalties.ts'
import { sampleTokens } from './sampler.ts'

export interface GenerationRequest {
  /** Token ids of each prompt, none empty. */
  prompts: readonly (readonly number[])[]
  sampling: Sampling
  /** Ids that end a completion. */
  stopIds: readonly number[]
  seed: number
  /** Number of the first prompt in its job: the noise of a completion depends on seed, number and position alone. */
  firstIndex?: number
  /** Called after each token with the index of the prompt and the ids so far; return false to stop everything. */
  onToken?: (index: number, ids: readonly number[]) => boolean
}

/** `ids` ends with the stop token where `stopped`; `logps` (one a token) at the temperature, before penalties. */
export interface Generated {
  ids: number[]
  logps: number[]
  stopped: boolean
}

type Step<K extends string> = CompiledFunction<K, 'ids' | 'logps'>
type Precision = 'fp32' | 'bf16'
type Wave = { prompts: readonly (readonly number[])[]; offset: number }

/**
 * Samples completions from the weights that a program holds under `role`, with a slot and a cache row a sequence.
 * The weights are the program's own: a policy in training generates with the weights of its last update.
 */
export class Generator {
  readonly #program: Program
  readonly #model: Model
  readonly #role: string
  readonly #slots: number
  readonly #precision: Precision
  readonly #prefills = new Map<string, Step<'ids' | 'lastIndices' | 'uniforms'>>()
  readonly #decodes = new Map<string, Step<'ids' | 'positions' | 'uniforms'>>()
  readonly #caches = new Map<number, KvCache>()
  #past?: PastVariables

  /** @param precision - of matrix products and of the cache */
  constructor(program: Program, model: Model, role: string, slots: number, precision: Precision = 'fp32') {
    this.#program = program
    this.#model = model
    this.#role = role
    this.#slots = slots
    this.#precision = precision
  }

  /** Completions in the order of the prompts. Throws `invalid_input` for prompts that leave no room to answer. */
  async generate(request: GenerationRequest): Promise<Generated[]> {
    this.#check(request)
    const completions: Generated[] = []
    for (let offset = 0; offset < request.prompts.length; offset += this.#slots) {
      const prompts = request.prompts.slice(offset, offset + this.#slots)
      completions.push(...(await this.#runWave({ prompts, offset }, request)))
    }
    return completions
  }

  #check({ prompts, sampling }: GenerationRequest) {
    const { contextLength } = this.#model
    for (const [index, prompt] of prompts.entries()) {
      const needed = prompt.length + sampling.maxTokens
      if (prompt.length > 0 && needed <= contextLength) continue
      const message = `prompt ${index} has ${prompt.length} tokens; with maxTokens ${sampling.maxTokens} it must be between 1 and the context of ${contextLength}`
      throw new TemperError('invalid_input', message, { details: { index, tokens: prompt.length, contextLength } })
    }
  }

  /** Prefills a slot a prompt, then decodes all slots together until each has stopped. */
  async #runWave(wave: Wave, request: GenerationRequest): Promise<Generated[]> {
    const { sampling } = request
    const lengths = this.#slotLengths(wave)
    const longest = Math.max(...lengths)
    const promptLength = Math.min(bucket(longest, 16), this.#model.contextLength)
    const cache = await this.#cache(Math.min(bucket(longest + sampling.maxTokens, 32), this.#model.contextLength))
    const past = hasPenalty(sampling) ? await this.#pastVariables() : undefined
    const state = wave.prompts.map((): Generated => ({ ids: [], logps: [], stopped: false }))

    const prefill = this.#prefill(cache, promptLength, sampling, past)
    let tokens = await prefill({
      ids: this.#paddedPrompts(wave, promptLength),
      lastIndices: Int32Array.from(lengths, (length, slot) => slot * promptLength + length - 1),
      uniforms: this.#uniforms(wave, request, 0),
    })
    const decode = this.#decode(cache, sampling, past)
    for (let step = 1; this.#append(state, tokens, wave, request); step++) {
      tokens = await decode({
        ids: Int32Array.from(tokens.ids.data),
        positions: Int32Array.from(lengths, (length) => Math.min(length + step - 1, cache.length - 1)),
        uniforms: this.#uniforms(wave, request, step),
      })
    }
    return state
  }

  /** Adds each live slot's token. False when nothing is left to decode. */
  #append(
    state: Generated[],
    tokens: Record<'ids' | 'logps', { data: ArrayLike<number> }>,
    wave: Wave,
    request: GenerationRequest,
  ) {
    let live = false
    for (const [slot, completion] of state.entries()) {
      if (completion.stopped || completion.ids.length >= request.sampling.maxTokens) continue
      const id = tokens.ids.data[slot] as number
      completion.ids.push(id)
      completion.logps.push(tokens.logps.data[slot] as number)
      completion.stopped = request.stopIds.includes(id)
      if (request.onToken && !request.onToken(wave.offset + slot, completion.ids)) return false
      live ||= !completion.stopped && completion.ids.length < request.sampling.maxTokens
    }
    return live
  }

  /** Empty slots hold a one-token prompt that nobody reads. */
  #slotLengths(wave: Wave): number[] {
    return Array.from({ length: this.#slots }, (_, slot) => wave.prompts[slot]?.length ?? 1)
  }

  #paddedPrompts(wave: Wave, promptLength: number): Int32Array {
    const ids = new Int32Array(this.#slots * promptLength)
    for (const [slot, prompt] of wave.prompts.entries()) ids.set(prompt, slot * promptLength)
    return ids
  }

  #uniforms(wave: Wave, { seed, firstIndex = 0 }: GenerationRequest, step: number): Float32Array {
    const highest = 1 - 2 ** -23
    return Float32Array.from({ length: this.#slots }, (_, slot) =>
      Math.min(random(seed, firstIndex + wave.offset + slot, step), highest),
    )
  }

  async #cache(length: number): Promise<KvCache> {
    const known = this.#caches.get(length)
    if (known) return known
    const name = `cache/${this.#role}/${this.#slots}x${length}`
    const cache = { name, slots: this.#slots, length, storage: this.#precision }
    await this.#program.addVariables(cacheVariables(cache, this.#model))
    this.#caches.set(length, cache)
    return cache
  }

  /** What penalties need; made when the first request has one. */
  async #pastVariables(): Promise<PastVariables> {
    if (this.#past) return this.#past
    const past = new PastVariables(`past/${this.#role}/${this.#slots}`, this.#slots, this.#model.vocabSize)
    await this.#program.addVariables(past.specs())
    this.#past = past
    return past
  }

  #prefill(cache: KvCache, promptLength: number, sampling: Sampling, past?: PastVariables) {
    const name = `${cache.name}/prefill/${promptLength}/${samplingKey(sampling)}`
    return lookUp(this.#prefills, name, () =>
      this.#program.define(
        name,
        {
          inputs: {
            ids: { shape: [this.#slots, promptLength], dtype: 'int32' },
            lastIndices: { shape: [this.#slots], dtype: 'int32' },
            uniforms: { shape: [this.#slots], dtype: 'float32' },
          },
          precision: this.#precision,
        },
        (variables, { ids, lastIndices, uniforms }) => {
          const positions = tf.tile(tf.expandDims(tf.range(0, promptLength, 1, 'int32'), 0), [this.#slots, 1])
          const attend = prefillAttend(cache, this.#model, variables, promptLength)
          const params = paramsOf(variables, this.#role)
          const hidden = this.#model.hiddenStates(params, { ids, positions }, attend)
          const last = tf.gather(tf.reshape(hidden, [-1, this.#model.hiddenSize]), lastIndices)
          const logits = tf.matMul(last, this.#model.headWeight(params), false, true)
          return sampleTokens(logits, uniforms, sampling, past?.begin(variables, ids, lastIndices))
        },
      ),
    )
  }

  #decode(cache: KvCache, sampling: Sampling, past?: PastVariables) {
    const name = `${cache.name}/decode/${samplingKey(sampling)}`
    return lookUp(this.#decodes, name, () =>
      this.#program.define(
        name,
        {
          inputs: {
            ids: { shape: [this.#slots], dtype: 'int32' },
            positions: { shape: [this.#slots], dtype: 'int32' },
            uniforms: { shape: [this.#slots], dtype: 'float32' },
          },
          precision: this.#precision,
        },
        (variables, { ids, positions, uniforms }) => {
          const attend = decodeAttend(cache, this.#model, variables, positions)
          const params = paramsOf(variables, this.#role)
          const input = { ids: tf.expandDims(ids, 1), positions: tf.expandDims(positions, 1) }
          const hidden = tf.reshape(this.#model.hiddenStates(params, input, attend), [
            this.#slots,
            this.#model.hiddenSize,
          ])
          const logits = tf.matMul(hidden, this.#model.headWeight(params), false, true)
          return sampleTokens(logits, uniforms, sampling, past?.add(variables, ids))
        },
      ),
    )
  }
}

/** Functions differ by how they filter, not by how long they run. */
function samplingKey({ temperature, topK, topP, minP, repetitionPenalty, frequencyPenalty }: Sampling): string {
  return `t${temperature}k${topK}p${topP}m${minP}r${repetitionPenalty}f${frequencyPenalty}`
}

function bucket(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple
}

function lookUp<V>(map: Map<string, V>, key: string, make: () => V): V {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}
