/** Statistics of outcomes, on plain numbers in float64. */
export * from './calibration.ts'
export * from './wilson-interval.ts'
