import { z } from 'zod'

const share = z.number().min(0).max(1)

/** What a reward stage leaves of its held-out pairs, where somebody decided any; beside it stand further numbers. */
export const rewardResultSchema = z.object({
  /** Share of the decided pairs that the model orders as they were voted, and its 95 % interval. */
  accuracy: share,
  accuracy_low: share,
  accuracy_high: share,
  /** How many pairs were decided. */
  judged: z.number().int(),
  /** Mean distance of `observed` from `predicted`. */
  calibration_error: share,
  /** Pairs by how likely the model held its favourite to win, and the share that did; a tie counts half. */
  calibration: z.array(z.object({ predicted: share, observed: share, pairs: z.number().int() })),
})
export type RewardResult = z.infer<typeof rewardResultSchema>
