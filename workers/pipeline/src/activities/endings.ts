import type { ErrorCode } from '@temper/db/contracts'
import { z } from 'zod'

/** How many attempts of an activity ended so: with a failure of this code, or `lost` with their worker, without a word. */
export type Endings = Record<string, number>

/** How often an activity may end in a way that could go better next time, here or elsewhere; all else ends it at once. */
const usualLimits: Endings = {
  unavailable: Number.POSITIVE_INFINITY,
  lost: 10,
  engine_failed: 5,
  internal: 3,
  out_of_memory: 2,
} satisfies Partial<Record<ErrorCode | 'lost', number>>

export function withOne(endings: Endings, ending: string): Endings {
  return { ...endings, [ending]: (endings[ending] ?? 0) + 1 }
}

export function without(endings: Endings, ending: string): Endings {
  return Object.fromEntries(Object.entries(endings).filter(([name]) => name !== ending))
}

/** Whether an activity has ended in one of these ways as often as it may: as `own` says, else as is usual. */
export function isSpent(endings: Endings, own: Endings = {}): boolean {
  const limits = { ...usualLimits, ...own }
  return Object.entries(endings).some(([ending, times]) => times >= (limits[ending] ?? 1))
}

/** What the attempts before leave to one: how they ended, and how many bytes had come at most of what is fetched. */
export interface Legacy {
  endings: Endings
  bytes?: number | undefined
}

const legacySchema = z.looseObject({ endings: z.record(z.string(), z.number()), bytes: z.number().optional() })

/** That of earlier attempts, from what the last of them said while it lived; none where it said nothing of the kind. */
export function legacyOf(heartbeatDetails: unknown): Legacy {
  const details = legacySchema.safeParse(heartbeatDetails)
  return details.success ? { endings: details.data.endings, bytes: details.data.bytes } : { endings: {} }
}
