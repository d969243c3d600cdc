/** The project's own story generator, the taste that judges its stories, and labelers who vote by it. */
export * from './labelers.ts'
export * from './stories.ts'
export * from './stories-taste.ts'
export * from './story-requests.ts'
export * from './tastes.ts'
