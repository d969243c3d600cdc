export { type Serving, type ServingSettings, serveCompletions } from './serve-completions.ts'
