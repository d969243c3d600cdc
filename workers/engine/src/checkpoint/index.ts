/** Checkpoints: safetensors, the Hugging Face folder layout, and what a resume needs. */
export { manifestName, readManifest, verifyCheckpoint } from './manifest.ts'
export * from './read-checkpoint.ts'
export { type ResumeState, readResumeState, writeResumeState } from './resume-state.ts'
export * from './safetensors-file.ts'
export * from './write-checkpoint.ts'
export { type TensorToWrite, writeSafetensors } from './write-safetensors.ts'
