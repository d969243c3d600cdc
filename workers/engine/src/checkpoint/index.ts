/** Checkpoints: safetensors, the Hugging Face folder layout, and what a resume needs. */

export { type AdapterFiles, readAdapter } from './adapter-files.ts'
export { addStoredRole } from './add-stored-role.ts'
export { exists, readJson } from './folder-files.ts'
export { manifestName, readManifest, verifyCheckpoint } from './manifest.ts'
export { modelWeights, type ReadWeight, type WeightFile } from './model-weights.ts'
export * from './read-checkpoint.ts'
export { readTensors, withWeights } from './read-tensors.ts'
export { type ResumeState, readResumeState, writeResumeState } from './resume-state.ts'
export * from './safetensors-file.ts'
export { weightsDigest } from './weights-digest.ts'
export * from './write-checkpoint.ts'
export { type TensorToWrite, writeSafetensors } from './write-safetensors.ts'
