export * from './beam-search.ts'
export type { BeamSettings, Hypothesis } from './beams.ts'
export * from './generator.ts'
export * from './sampler.ts'
