import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { TemperError } from '@temper/db/contracts'

export interface NativeFeed {
  /** `node` or `node:output`. */
  name: string
  /** TensorFlow's number of the element type. */
  type: number
  shape: readonly number[]
  data: Float32Array | Int32Array
}

export interface NativeResult {
  outputs: { shape: number[]; data: Float32Array | Int32Array | Uint8Array }[]
  metadata?: Uint8Array
}

export interface NativeSession {
  extend(graphDef: Uint8Array): void
  run(feeds: NativeFeed[], fetches: string[], targets: string[], options?: Uint8Array): Promise<NativeResult>
  /** The handle of a run in parts. */
  begin(inputs: string[], fetches: string[], targets: string[]): Promise<string>
  runPart(handle: string, feeds: NativeFeed[], fetches: string[]): Promise<NativeResult>
  /** `CPU`, `GPU`, …: a device of the session each. */
  deviceTypes(): string[]
  close(): void
}

export interface Addon {
  Session: new (config: Uint8Array, target: string) => NativeSession
  /** Registers the operations of a library with TensorFlow, for good. */
  loadLibrary(path: string): void
  hasOperation(name: string): boolean
  /** Of TensorFlow. */
  version: string
}

let loaded: Addon | undefined

/** Loads native/build/session.node once. Throws `setup_failed` where it is missing or does not load. */
export function loadAddon(path = fileURLToPath(new URL('../../native/build/session.node', import.meta.url))): Addon {
  if (loaded) return loaded
  const advice = 'run `npm run setup`'
  if (!existsSync(path))
    throw new TemperError('setup_failed', `the engine's native part is not built at ${path}: ${advice}`)
  try {
    loaded = createRequire(import.meta.url)(path) as Addon
    return loaded
  } catch (cause) {
    throw new TemperError('setup_failed', `the engine's native part at ${path} does not load: ${advice}`, { cause })
  }
}
