import type { PreferenceRow } from '@temper/db/contracts'
import type { JudgedPair } from '@temper/db/queries'

/** What the votes on a pair come to, as the engine reads it. The answers of a tie keep their order. */
export function preferenceRow({ prompt, outcome, bothBad, strength, ...pair }: JudgedPair): PreferenceRow {
  const a = { text: pair.completionA, ended: pair.endedA }
  const b = { text: pair.completionB, ended: pair.endedB }
  const [chosen, rejected] = outcome === 'b' ? [b, a] : [a, b]
  return {
    ...{ prompt, chosen: chosen.text, rejected: rejected.text, tie: outcome === 'tie', bothBad, strength },
    ...{ chosenEnded: chosen.ended, rejectedEnded: rejected.ended },
  }
}
