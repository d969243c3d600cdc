/** The compiler from tfjs code to TensorFlow graphs, and the eager program it must agree with. */
export { EagerProgram } from './eager-program.ts'
export * from './ops/index.ts'
export { productPeak } from './product-peak.ts'
export * from './program.ts'
export { type Profile, TracedProgram } from './traced-program.ts'
