import { loadAddon } from './addon.ts'
// The library must meet the TensorFlow that tfjs loads.
import './tf.ts'

export type DeviceKind = 'cpu' | 'gpu'

let kind: DeviceKind | undefined

/** Where TensorFlow runs graphs in this process: on a GPU wherever it finds one. Asked of TensorFlow once. */
export function deviceKind(): DeviceKind {
  kind ??= kindOf(sessionDevices())
  return kind
}

/** @param types - TensorFlow's names of device types, as `CPU` and `GPU` */
export function kindOf(types: readonly string[]): DeviceKind {
  return types.includes('GPU') ? 'gpu' : 'cpu'
}

function sessionDevices(): string[] {
  const session = new (loadAddon().Session)(new Uint8Array(), '')
  try {
    return session.deviceTypes()
  } finally {
    session.close()
  }
}
