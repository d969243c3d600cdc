export { type DeviceLock, lockDevice } from './device-lock.ts'
export { type DeviceWork, EngineDevice } from './engine-device.ts'
export type { EngineProcess, EngineProcessOptions, JobEnd, ServeCommand } from './engine-process.ts'
