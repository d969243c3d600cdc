/** Dataset files, encoding of rows, and packing into batches. */
export type { Sequence } from '../tokenizer/index.ts'
export * from './encode-rows.ts'
export * from './epoch-order.ts'
export * from './jsonl.ts'
export { bucket, countTargets, type PackedBatch, packSequences, type Row, toBatch } from './packing.ts'
export * from './prompt-groups.ts'
export * from './stream.ts'
