/** Bytes of datasets and checkpoints, by their digest. */
export * from './artifact-store.ts'
export * from './folder-store.ts'
export * from './folders.ts'
