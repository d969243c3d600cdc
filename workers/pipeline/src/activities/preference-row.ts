import type { PreferenceRow } from '@temper/db/contracts'
import type { JudgedPair } from '@temper/db/queries'

/** What the votes on a pair come to, as the engine reads it. The answers of a tie keep their order. */
export function preferenceRow({
  prompt,
  completionA,
  completionB,
  outcome,
  bothBad,
  strength,
}: JudgedPair): PreferenceRow {
  const [chosen, rejected] = outcome === 'b' ? [completionB, completionA] : [completionA, completionB]
  return { prompt, chosen, rejected, tie: outcome === 'tie', bothBad, strength }
}
