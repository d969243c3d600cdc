export interface Schedule {
  /** Peak learning rate. */
  learningRate: number
  schedule: 'linear' | 'cosine' | 'constant'
  /** Where it ends, as a share of the peak. */
  minLearningRateRatio: number
  warmupSteps: number
  /** Optimizer steps of the stage. */
  totalSteps: number
}

/**
 * Learning rate of an optimizer step, counted from 0. Warm-up rises to the peak at its last step; after it the rate
 * falls from the peak towards the end, which the step after the last would reach.
 */
export function learningRateAt(step: number, settings: Schedule): number {
  const { learningRate, schedule, minLearningRateRatio: floor, warmupSteps, totalSteps } = settings
  if (step < warmupSteps) return (learningRate * (step + 1)) / warmupSteps
  const progress = Math.min(1, (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps))
  switch (schedule) {
    case 'constant':
      return learningRate
    case 'linear':
      return learningRate * (floor + (1 - floor) * (1 - progress))
    case 'cosine':
      return learningRate * (floor + ((1 - floor) * (1 + Math.cos(Math.PI * progress))) / 2)
  }
}

/** Steps of warm-up that a share of all steps makes, rounded up; rounding errors of the share do not count. */
export function warmupSteps(warmupRatio: number, totalSteps: number): number {
  return Math.max(0, Math.ceil(warmupRatio * totalSteps - 1e-9))
}
