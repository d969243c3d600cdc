/** Loads TensorFlow; sessions: extend with a graph, run, trace. */
export type { NativeFeed, NativeResult } from './addon.ts'
export { type DeviceKind, deviceKind } from './device.ts'
export { loadKernels, multipliesPairs } from './kernels.ts'
export type { AttrMessage, NodeExecStats, NodeMessage, TensorMessage } from './messages.ts'
export * from './profile.ts'
export * from './session.ts'
export { tf } from './tf.ts'
