import { seedOf, shuffle } from '@temper/engine/random'

/**
 * Which pairs are kept to test with: about `fraction` of them, whole prompts at a time, so that no prompt is trained on
 * and tested with. `prompts` has an entry a pair.
 */
export function heldOutPairs(prompts: string[], fraction: number, seed: number): boolean[] {
  const wanted = Math.round(prompts.length * fraction)
  const pairsOf = new Map<string, number>()
  for (const prompt of prompts) pairsOf.set(prompt, (pairsOf.get(prompt) ?? 0) + 1)
  const chosen = new Set<string>()
  let count = 0
  for (const [prompt, pairs] of shuffle(pairsOf, seed, seedOf('held out'))) {
    if (count >= wanted) break
    chosen.add(prompt)
    count += pairs
  }
  return prompts.map((prompt) => chosen.has(prompt))
}
