export * from './generator.ts'
export * from './sampler.ts'
