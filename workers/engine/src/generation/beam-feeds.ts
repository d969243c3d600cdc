import type { BeamShape } from './beam-steps.ts'
import type { Beam, Beams } from './beams.ts'

type Prompts = readonly (readonly number[])[]

/** Inputs of a prefill: every beam of a prompt begins at its last token. */
export function promptFeeds(
  prompts: Prompts,
  searches: readonly Beams[],
  { numBeams }: BeamShape,
  promptLength: number,
) {
  const ids = new Int32Array(prompts.length * promptLength)
  for (const [i, prompt] of prompts.entries()) ids.set(prompt, i * promptLength)
  const last = prompts.map(({ length }, i) => i * promptLength + length - 1)
  return {
    ids,
    lastIndices: Int32Array.from(last.flatMap((index) => Array<number>(numBeams).fill(index))),
    logps: logpsOf(searches),
  }
}

/** Inputs of a decode: the last token of every beam. Prompts that are done repeat theirs; nobody reads what follows. */
export function tokenFeeds(prompts: Prompts, searches: readonly Beams[], shape: BeamShape, holders: Int32Array) {
  const beams = searches.flatMap(({ running }) => running)
  const ids = Int32Array.from(beams, (beam) => beam.ids.at(-1) ?? 0)
  const positions = Int32Array.from(beams, (beam, slot) => {
    return (prompts[Math.floor(slot / shape.numBeams)]?.length ?? 0) + beam.ids.length - 1
  })
  return { ids, positions, holders: followBeams(holders, beams, positions, shape), logps: logpsOf(searches) }
}

function logpsOf(searches: readonly Beams[]): Float32Array {
  return Float32Array.from(searches.flatMap(({ running }) => running.map(({ logp }) => logp)))
}

/** Slots that hold each position (B, length) after a prefill: prompts lie in the first of their slots. */
export function firstHolders({ numBeams, cache: { slots, length } }: BeamShape): Int32Array {
  return Int32Array.from({ length: slots * length }, (_, i) => {
    const slot = Math.floor(i / length)
    return slot - (slot % numBeams)
  })
}

/** A beam has read what its parent has, and writes its last token into its own slot. */
function followBeams(
  holders: Int32Array,
  beams: readonly Beam[],
  positions: Int32Array,
  { numBeams, cache: { length } }: BeamShape,
) {
  const followed = new Int32Array(holders.length)
  for (const [slot, { parent }] of beams.entries()) {
    const from = (slot - (slot % numBeams) + parent) * length
    followed.set(holders.subarray(from, from + length), slot * length)
    followed[slot * length + (positions[slot] ?? 0)] = slot
  }
  return followed
}
