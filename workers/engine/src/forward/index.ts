/** Forward passes: batches and episodes as inputs, functions of any shape, log-probs and scores of what they hold. */
export * from './completion-logps.ts'
export * from './episodes.ts'
export * from './feeds.ts'
export * from './forward-function.ts'
export * from './scores.ts'
