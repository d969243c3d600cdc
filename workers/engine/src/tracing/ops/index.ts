/** Operations that tfjs lacks, or that a traced graph does better: each runs eagerly and traced with equal results. */
export { type AdamWSettings, type AdamWVariables, applyAdamW } from './apply-adamw.ts'
export { globalNorm } from './global-norm.ts'
export * from './gradients.ts'
export { sigmoidGrad } from './sigmoid-grad.ts'
export { sparseCrossEntropy, sparseCrossEntropyWithEntropy } from './sparse-cross-entropy.ts'
export { statelessUniform } from './stateless-uniform.ts'
export * from './stop-gradient.ts'
export { writeRows } from './write-rows.ts'
