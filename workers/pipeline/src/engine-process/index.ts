export { EngineDevice } from './engine-device.ts'
export type { EngineProcess, EngineProcessOptions, JobEnd } from './engine-process.ts'
