import { seedOf, shuffle } from '@temper/engine/random'

/**
 * Which pairs are kept to test with: about `fraction` of them, whole prompts at a time, so that no prompt is trained on
 * and tested with. `prompts` has an entry a pair.
 */
export function heldOutPairs(prompts: string[], fraction: number, seed: number): boolean[] {
  const wanted = Math.round(prompts.length * fraction)
  const chosen = new Set<string>()
  let count = 0
  for (const prompt of shuffle(new Set(prompts), seed, seedOf('held out'))) {
    if (count >= wanted) break
    chosen.add(prompt)
    count += prompts.filter((other) => other === prompt).length
  }
  return prompts.map((prompt) => chosen.has(prompt))
}
