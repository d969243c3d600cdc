export { type DeviceLock, lockDevice } from './device-lock.ts'
export { type DeviceWork, EngineDevice } from './engine-device.ts'
export { engineOptions } from './engine-options.ts'
export { EngineProcess, type EngineProcessOptions, type JobEnd, type ServeCommand } from './engine-process.ts'
