import { TemperError } from '@temper/db/contracts'
import { nameOf } from '../models/index.ts'
import { defineCopy } from './copy-step.ts'
import { type DecodeStep, defineStep, type Policy, type StepOutput, type StepShape, stepKey } from './decode-step.ts'
import { bytesPerToken, cacheVariables, type KvCache } from './kv-cache.ts'
import { checkRoom } from './prompt-room.ts'
import { samplingPlan } from './sampling-settings.ts'
import { type DecodedToken, type Decoding, type Generated, Sequence } from './sequence.ts'
import { Slots } from './slots.ts'
import { feedsOf, type Row, rowsOf } from './step-feeds.ts'

/** Tokens of prompts that are read between two steps of those who are writing: they wait for no longer prompt. */
const chunk = 512
/** Lengths of the parts in which prompts are read; each has a function of its own. */
const readLengths = [16, 64, 256]

/** Bytes that a cache of several slots may take; longer sequences get fewer, but always one, */
const cacheBytes = 2 ** 31
/** which may take so many bytes. */
const slotBytes = 2 ** 33
/** Positions behind the longest sequence, so that the shortest part of a prompt fits with its padding. */
const slack = 16

type Chosen = [slot: number, sequence: Sequence][]
type Outputs = Record<StepOutput, { data: ArrayLike<number> }>

/**
 * Continuous batching (Yu et al., 2022): sequences share the steps of the device, each with a slot of the cache, which
 * the next one takes as soon as it has ended. Prompts are read in parts between the steps of the others, and what
 * several have in common at their beginning is read once.
 */
export class Decoder {
  readonly #policy: Policy
  readonly #waiting: Sequence[] = []
  readonly #steps = new Map<string, DecodeStep>()
  #slots: Slots
  readonly #mostSlots: number
  readonly #longest: number
  #cache?: KvCache
  #copyTo?: ReturnType<typeof defineCopy>
  #running = false

  /**
   * Samples from the weights that the program holds under the policy's role, `slots` sequences at a time.
   * @param longest - tokens that a sequence may come to: no shorter cache is made
   */
  constructor(policy: Policy, slots: number, longest = 0) {
    this.#policy = policy
    this.#longest = longest
    this.#mostSlots = slots
    this.#slots = new Slots(slots)
  }

  /**
   * A completion, sampled together with whatever else is under way.
   * Throws `invalid_input` for a prompt that is empty or leaves no room for `maxTokens` in the context, and for more
   * tokens than there is memory for.
   */
  async decode(decoding: Decoding): Promise<Generated> {
    this.#checkSize(decoding)
    const sequence = new Sequence(decoding)
    this.#waiting.push(sequence)
    if (!this.#running) {
      this.#running = true
      // All that is asked for in one go begins together.
      queueMicrotask(() => void this.#run())
    }
    return sequence.generated
  }

  /** Forgets what sequences that have ended left behind, and the slots they had: the weights have changed. */
  forget(): void {
    this.#slots.forget()
  }

  #checkSize({ prompt, sampling: { maxTokens } }: Decoding): void {
    const { model, precision } = this.#policy
    checkRoom([prompt], maxTokens, model.contextLength)
    const bytes = (prompt.length + maxTokens) * bytesPerToken(model, precision)
    if (bytes <= slotBytes) return
    const message = `${prompt.length} tokens and ${maxTokens} more take a cache of ${bytes} bytes, at most ${slotBytes} are given: lower maxTokens, or shorten the prompt`
    throw new TemperError('invalid_input', message, { details: { bytes, mostBytes: slotBytes } })
  }

  async #run(): Promise<void> {
    try {
      while (this.#waiting.length > 0 || this.#slots.live.length > 0) {
        await this.#admit()
        await this.#advance(this.#reading())
        await this.#advance(this.#slots.live.filter(([, { reading }]) => !reading))
      }
    } catch (thrown) {
      for (const sequence of [...this.#waiting.splice(0), ...this.#slots.live.map(([, live]) => live)])
        sequence.fail(thrown)
      this.#slots = new Slots(this.#slots.count)
    } finally {
      this.#running = false
    }
  }

  /** Gives free slots to those who wait; who needs a longer cache waits until nobody uses the one there is. */
  async #admit(): Promise<void> {
    for (const sequence of [...this.#waiting]) {
      if (sequence.ended) this.#take(sequence).finish()
      else if (!this.#slots.hasFree || !(await this.#fits(sequence))) return
      else await this.#place(sequence)
    }
  }

  async #place(sequence: Sequence): Promise<void> {
    const placement = this.#slots.place(sequence.decoding.prompt)
    if (!placement) return
    const { slot, from } = placement
    if (slot !== from) await this.#copyTo?.({ from: Int32Array.of(from), to: Int32Array.of(slot) })
    this.#slots.occupy(this.#take(sequence), placement)
  }

  #take(sequence: Sequence): Sequence {
    this.#waiting.splice(this.#waiting.indexOf(sequence), 1)
    return sequence
  }

  async #fits({ room }: Sequence): Promise<boolean> {
    if (this.#cache && room + slack <= this.#cache.length) return true
    if (this.#slots.live.length > 0) return false
    const { program, model } = this.#policy
    if (this.#cache) await program.removeVariables(Object.keys(cacheVariables(this.#cache, model)))
    this.#cache = this.#cacheFor(Math.max(this.#longest, ...this.#waiting.map((waiting) => waiting.room)))
    this.#slots = new Slots(this.#cache.slots)
    await program.addVariables(cacheVariables(this.#cache, model))
    this.#copyTo = defineCopy(this.#policy, this.#cache)
    return true
  }

  #cacheFor(room: number): KvCache {
    const { model, role, precision, purpose = nameOf(role) } = this.#policy
    const length = Math.ceil((room + slack) / 64) * 64
    const affordable = Math.floor(cacheBytes / (length * bytesPerToken(model, precision)))
    const slots = Math.min(this.#mostSlots, Math.max(1, affordable))
    return { name: `cache/${purpose}/${slots}x${length}`, slots, length, storage: precision }
  }

  /** Those whose prompts are read next: as many as a part of theirs fits into a chunk. */
  #reading(): Chosen {
    const reading = this.#slots.live.filter(([, sequence]) => sequence.reading)
    return reading.slice(0, Math.max(1, Math.floor(chunk / this.#readLength(reading))))
  }

  #readLength(reading: Chosen): number {
    const longest = Math.max(...reading.map(([, { unread }]) => unread.length))
    const furthest = Math.max(...this.#slots.live.map(([, { held }]) => held))
    const lengths = readLengths.filter((length) => furthest + length <= (this.#cache?.length ?? 0))
    return lengths.find((length) => length >= longest) ?? lengths.at(-1) ?? 1
  }

  /** One step of the device for some sequences, which then have a token more, or a part of their prompt less to read. */
  async #advance(chosen: Chosen): Promise<void> {
    const cache = this.#cache
    if (chosen.length === 0 || !cache) return
    const shape = this.#shapeFor(chosen)
    const rows = rowsOf(this.#slots, chosen, shape)
    const feeds = feedsOf(rows, this.#slots, cache, shape, this.#policy.model.vocabSize)
    const outputs = await this.#step(cache, shape)(feeds)
    for (const [i, row] of rows.entries()) this.#finishRow(row, i, outputs, cache, shape)
  }

  #shapeFor(chosen: Chosen): StepShape {
    const decodings = chosen.map(([, { decoding }]) => decoding)
    const plan = samplingPlan(decodings.map(({ sampling }) => sampling), decodings.map(({ topLogprobs }) => topLogprobs)) // biome-ignore format: one call
    const tokens = chosen[0]?.[1].reading ? this.#readLength(chosen) : 1
    const most = Math.min(this.#slots.count, tokens === 1 ? this.#slots.count : Math.max(1, Math.floor(chunk / tokens)))
    const rows = rowCounts(most).find((count) => count >= chosen.length) ?? most
    return { rows, tokens, plan }
  }

  #finishRow({ slot, sequence, tokens }: Row, row: number, outputs: Outputs, cache: KvCache, shape: StepShape): void {
    // What lay under the padding is gone.
    this.#slots.cut(slot, cache.length - shape.tokens)
    if (!sequence) return
    this.#slots.read(slot, tokens)
    if (sequence.unread.length === 0) sequence.push(tokenOf(outputs, row, sequence.decoding.topLogprobs))
    if (!sequence.ended) return
    this.#slots.leave(slot)
    sequence.finish()
  }

  #step(cache: KvCache, shape: StepShape): DecodeStep {
    const key = stepKey(cache, shape)
    const step = this.#steps.get(key) ?? defineStep(this.#policy, cache, shape)
    this.#steps.set(key, step)
    return step
  }
}

/** Sizes of batches, few because each has functions of its own: 1, 4, 16 … and `most`. */
function rowCounts(most: number): number[] {
  const counts = [1]
  while ((counts.at(-1) ?? most) * 4 < most) counts.push((counts.at(-1) ?? most) * 4)
  return [...counts, most]
}

function tokenOf({ ids, logps, ...outputs }: Outputs, row: number, topLogprobs?: number): DecodedToken {
  const id = ids.data[row] as number
  if (topLogprobs === undefined) return { id, logp: logps.data[row] as number }
  const { plainLogps, topIds, topLogps } = outputs
  const width = topIds ? topIds.data.length / ids.data.length : 0
  const top = Array.from({ length: Math.min(topLogprobs, width) }, (_, i) => ({
    id: topIds?.data[row * width + i] as number,
    logp: topLogps?.data[row * width + i] as number,
  }))
  return { id, logp: plainLogps?.data[row] as number, top }
}
