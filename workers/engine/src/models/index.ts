/** Architectures by config.json, with the weight names of the Hugging Face layout. */
export { scoreWeight } from './head.ts'
export * from './load-model.ts'
export * from './model.ts'
export * from './model-from-spec.ts'
export * from './roles.ts'
export * from './score-head.ts'
export * from './stored-tensors.ts'
