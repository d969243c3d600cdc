/** Everything Temporal may run: deterministic code that touches no database, clock or file. */
export * from './evaluate-stage-workflow.ts'
export * from './import-workflow.ts'
export * from './pipeline-workflow.ts'
export * from './preferences-stage-workflow.ts'
export * from './release-stage-workflow.ts'
export * from './serve-workflow.ts'
export * from './training-stage-workflow.ts'
