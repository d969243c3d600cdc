import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { TemperError } from '@temper/db/contracts'
import { loadAddon } from './addon.ts'
import { deviceKind } from './device.ts'
// The library must meet the TensorFlow that tfjs loads.
import './tf.ts'

let available: boolean | undefined

/**
 * Loads the operations of native/kernels once. False on a processor that they are not made for, and beside a GPU, which
 * would have to hand its tensors over: graphs then take TensorFlow's own operations. Throws `setup_failed` where the library is missing or does not load.
 */
export function loadKernels(): boolean {
  available ??= deviceKind() === 'cpu' && load()
  return available
}

function load(): boolean {
  const path = fileURLToPath(new URL('../../native/build/kernels.so', import.meta.url))
  const advice = 'run `npm run setup`'
  if (!existsSync(path))
    throw new TemperError('setup_failed', `the engine's kernels are not built at ${path}: ${advice}`)
  const addon = loadAddon()
  try {
    addon.loadLibrary(path)
  } catch (cause) {
    throw new TemperError('setup_failed', `the engine's kernels at ${path} do not load: ${advice}`, { cause })
  }
  return addon.hasOperation('TemperMatMul')
}

/** Whether the processor multiplies bf16 itself, so that there is a product of ours for it. */
export function multipliesPairs(): boolean {
  return loadKernels() && loadAddon().hasOperation('TemperPairMatMul')
}
