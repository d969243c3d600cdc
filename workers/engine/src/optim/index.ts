/** AdamW, schedules, clipping, accumulation. */
export * from './accumulate.ts'
export * from './clip-factor.ts'
export * from './learning-rate.ts'
export * from './loss-scale.ts'
export * from './optimizer-step.ts'
