/** Answers completion requests: text in, text out as it grows. */
export * from './load-served-model.ts'
export * from './request-desk.ts'
