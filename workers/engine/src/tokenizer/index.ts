/** Tokenizer files, chat templates and tokenizer training. */
export * from './conversation.ts'
export * from './create-tokenizer.ts'
export * from './plain-template.ts'
export * from './prompt.ts'
export * from './special-tokens.ts'
export * from './tokenizer.ts'
export * from './tokenizer-files.ts'
export * from './train-tokenizer.ts'
