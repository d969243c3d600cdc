/** Layers as functions on tensors; plain tfjs, so they run eagerly and traced. */
export * from './activations.ts'
export * from './attention.ts'
export * from './dropout.ts'
export * from './embedding.ts'
export * from './experts.ts'
export * from './linear.ts'
export * from './norm.ts'
export * from './rope.ts'
