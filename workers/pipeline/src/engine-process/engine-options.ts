import { fileURLToPath } from 'node:url'
import type { Logger } from 'pino'
import type { EngineProcessOptions } from './engine-process.ts'

const startTimeoutMs = 2 * 60_000
/** An engine that reports nothing for this long is hung; tracing a large model takes minutes. */
const hangTimeoutMs = 10 * 60_000
const stopTimeoutMs = 60_000

/**
 * How an engine process is started.
 * @param device - number of the one device that it sees; none for work that needs no device
 */
export function engineOptions(log: Pick<Logger, 'debug'>, device?: string): EngineProcessOptions {
  return {
    entry: fileURLToPath(import.meta.resolve('@temper/engine/process')),
    env: { ...process.env, CUDA_VISIBLE_DEVICES: device ?? '' },
    startTimeoutMs,
    hangTimeoutMs,
    stopTimeoutMs,
    onOutput: (text) => log.debug({ engine: text.trimEnd() }, 'engine output'),
  }
}
