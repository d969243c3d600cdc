/**
 * Counter-based random numbers: each draw is a pure function of a seed and counters (step, row, …), so a resumed run
 * needs no generator state. Hash: MurmurHash3's 32-bit block and final mix, two lanes for 53 bits.
 */

function block(hash: number, value: number): number {
  let k = Math.imul(value, 0xcc9e2d51)
  k = Math.imul((k << 15) | (k >>> 17), 0x1b873593)
  const h = hash ^ k
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0
}

function finalMix(hash: number): number {
  let h = hash ^ (hash >>> 16)
  h = Math.imul(h, 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** Both 32-bit halves of a counter count, so that seeds and counters up to 2⁵³ differ. */
function lane(start: number, seed: number, counters: readonly number[]): number {
  let hash = block(block(start, seed | 0), Math.floor(seed / 2 ** 32))
  for (const counter of counters) hash = block(block(hash, counter | 0), Math.floor(counter / 2 ** 32))
  return finalMix(hash ^ counters.length)
}

/** Uniform in [0, 1). `seed` and `counters` are integers below 2⁵³. */
export function random(seed: number, ...counters: number[]): number {
  const high = lane(0x243f6a88, seed, counters) >>> 5
  const low = lane(0x13198a2e, seed, counters) >>> 6
  return (high * 2 ** 26 + low) / 2 ** 53
}

/** Uniform integer in [0, n). */
export function randomInt(n: number, seed: number, ...counters: number[]): number {
  return Math.floor(random(seed, ...counters) * n)
}

/** Standard normal (Box and Muller, 1958). */
export function normal(seed: number, ...counters: number[]): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random(seed, ...counters, 0)))
  return radius * Math.cos(2 * Math.PI * random(seed, ...counters, 1))
}

/** A shuffled copy (Fisher and Yates). */
export function shuffle<T>(items: Iterable<T>, seed: number, ...counters: number[]): T[] {
  const shuffled = [...items]
  for (let i = shuffled.length - 1; i > 0; i--) {
    const j = randomInt(i + 1, seed, ...counters, i)
    const held = shuffled[i] as T
    shuffled[i] = shuffled[j] as T
    shuffled[j] = held
  }
  return shuffled
}

/** A stable 31-bit seed of a name, to give each use of a run's seed its own stream. */
export function seedOf(name: string): number {
  let hash = 0
  for (let i = 0; i < name.length; i++) hash = block(hash, name.charCodeAt(i))
  return finalMix(hash ^ name.length) >>> 1
}
