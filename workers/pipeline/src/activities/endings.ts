import type { ErrorCode } from '@temper/db/contracts'
import { z } from 'zod'

/** How many attempts of an activity ended so: with a failure of this code, or `lost` with their worker, without a word. */
export type Endings = Record<string, number>

/** How often an activity may end in a way that could go better next time, here or elsewhere; all else ends it at once. */
const limits: Endings = {
  unavailable: Number.POSITIVE_INFINITY,
  lost: 10,
  engine_failed: 5,
  internal: 3,
  out_of_memory: 2,
} satisfies Partial<Record<ErrorCode | 'lost', number>>

export function withOne(endings: Endings, ending: string): Endings {
  return { ...endings, [ending]: (endings[ending] ?? 0) + 1 }
}

/** Whether an activity has ended in one of these ways as often as it may. */
export function isSpent(endings: Endings): boolean {
  return Object.entries(endings).some(([ending, times]) => times >= (limits[ending] ?? 1))
}

const detailsSchema = z.looseObject({ endings: z.record(z.string(), z.number()) })

/** Those of earlier attempts, from what the last of them said while it lived; none where it said nothing of the kind. */
export function endingsOf(heartbeatDetails: unknown): Endings {
  const details = detailsSchema.safeParse(heartbeatDetails)
  return details.success ? details.data.endings : {}
}
