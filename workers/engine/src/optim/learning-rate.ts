/** The part of a stage's settings that says how the learning rate moves; see `optimizationSchema`. */
export interface Schedule {
  /** The peak. */
  learningRate: number
  schedule: 'linear' | 'cosine' | 'constant'
  /** Where it ends, as a share of the peak. */
  minLearningRateRatio: number
  warmupRatio: number
}

/**
 * Learning rate of optimizer step `step`, counted from 1. Warm-up rises evenly and reaches the peak at its last step;
 * the step after it has the peak too, and the rate falls so that step `totalSteps + 1` would reach the end.
 */
export function learningRateAt(step: number, totalSteps: number, settings: Schedule): number {
  const { learningRate, schedule, minLearningRateRatio: floor } = settings
  const warmup = warmupSteps(settings.warmupRatio, totalSteps)
  if (step <= warmup) return (learningRate * step) / warmup
  const progress = Math.min(1, (step - 1 - warmup) / Math.max(1, totalSteps - warmup))
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
function warmupSteps(warmupRatio: number, totalSteps: number): number {
  return Math.ceil(warmupRatio * totalSteps - 1e-9)
}
