import type { SampleRow } from '@temper/db/contracts'
import type { NewComparison } from '@temper/db/queries'
import { heldOutPairs } from './held-out-pairs.ts'
import { storableText } from './storable-text.ts'

/**
 * Completions two by two, at most `pairs` of them, the first pair of every prompt before any second one. Two equal
 * completions make no pair: there is nothing to choose.
 */
export function pairUp(
  samples: SampleRow[],
  { pairs, heldOut: share, seed }: { pairs: number; heldOut: number; seed: number },
): { comparisons: NewComparison[]; identical: number } {
  const rounds = Math.max(0, ...samples.map((sample) => Math.floor(sample.completions.length / 2)))
  const candidates = Array.from({ length: rounds }, (_, round) =>
    samples.flatMap((sample) => pairOf(sample, round)),
  ).flat()
  const different = candidates.filter(({ completionA, completionB }) => completionA.trim() !== completionB.trim())
  const chosen = different.slice(0, pairs)
  const heldOut = heldOutPairs(
    chosen.map(({ prompt }) => JSON.stringify(prompt)),
    share,
    seed,
  )
  const comparisons = chosen.map((pair, index) => ({ ...pair, heldOut: heldOut[index] ?? false }))
  return { comparisons, identical: candidates.length - different.length }
}

function pairOf({ prompt, completions }: SampleRow, round: number) {
  const [a, b] = completions.slice(round * 2, round * 2 + 2)
  if (!a || !b) return []
  const [completionA, completionB] = [storableText(a.text), storableText(b.text)]
  return [{ prompt, completionA, completionB, endedA: a.endedProperly, endedB: b.endedProperly }]
}
