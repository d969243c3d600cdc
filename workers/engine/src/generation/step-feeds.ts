import type { Values } from '../tracing/index.ts'
import type { StepShape } from './decode-step.ts'
import type { KvCache } from './kv-cache.ts'
import { tokenCounts } from './penalties.ts'
import { samplingFeeds } from './sampling-settings.ts'
import type { Sequence } from './sequence.ts'
import type { Slots } from './slots.ts'

/** A row of a step: the next tokens of a sequence, or nothing where the slot has none to do. */
export interface Row {
  slot: number
  sequence?: Sequence
  tokens: readonly number[]
}

/**
 * Rows of a step for some of the live sequences; other slots fill it up. Where it has all slots they come in order, and
 * else in the order of the sequences.
 */
export function rowsOf(slots: Slots, chosen: readonly [number, Sequence][], { rows, tokens }: StepShape): Row[] {
  const busy = chosen.map(([slot, sequence]) => ({ slot, sequence, tokens: sequence.unread.slice(0, tokens) }))
  const taken = new Set(busy.map(({ slot }) => slot))
  const others = Array.from({ length: slots.count }, (_, slot) => slot).filter((slot) => !taken.has(slot))
  const filled: Row[] = [...busy, ...others.slice(0, rows - busy.length).map((slot) => ({ slot, tokens: [] }))]
  return rows === slots.count ? filled.sort((a, b) => a.slot - b.slot) : filled
}

/** Inputs of `defineStep`. */
export function feedsOf(
  rows: readonly Row[],
  slots: Slots,
  cache: KvCache,
  { tokens, plan }: StepShape,
  vocabSize: number,
): Record<string, Values> {
  const ids = new Int32Array(rows.length * tokens)
  for (const [i, row] of rows.entries()) ids.set(row.tokens, i * tokens)
  // Padding is written, if only to be overwritten: it must not leave the slot.
  const starts = rows.map(({ slot }) => Math.min(slots.lengthOf(slot), cache.length - tokens))
  const feeds = {
    ids,
    slots: Int32Array.from(rows, ({ slot }) => slot),
    starts: Int32Array.from(starts),
    counts: Int32Array.from(rows, (row) => row.tokens.length),
    uniforms: Float32Array.from(rows, ({ sequence }) => sequence?.uniform ?? 0),
    ...samplingFeeds(
      rows.length,
      rows.map(({ sequence }) => sequence?.decoding.sampling),
    ),
  }
  return plan.penalties ? { ...feeds, ...pastFeeds(rows, vocabSize) } : feeds
}

function pastFeeds(rows: readonly Row[], vocabSize: number): Record<'prompt' | 'completion', Float32Array> {
  const counts = (ids: (sequence: Sequence) => readonly number[]) =>
    tokenCounts(
      rows.length,
      rows.map(({ sequence }) => (sequence ? ids(sequence) : [])),
      vocabSize,
    )
  return { prompt: counts(({ decoding }) => decoding.prompt), completion: counts(({ ids }) => ids) }
}
