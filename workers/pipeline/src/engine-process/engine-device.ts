import { TemperError } from '@temper/db/contracts'
import type { DeviceLock } from './device-lock.ts'
import { EngineProcess, type EngineProcessOptions } from './engine-process.ts'

export interface EngineDeviceOptions {
  /** Held by this process for as long as it uses the device. */
  lock: Pick<DeviceLock, 'setEngine'>
  engine: EngineProcessOptions
}

/**
 * One device and its engine process. Jobs come one after another, in the order in which they asked. The process stays
 * warm for the next job and is replaced after any failure, whatever state that left it in.
 */
export class EngineDevice {
  readonly #options: EngineDeviceOptions
  #engine: EngineProcess | undefined
  #last: Promise<unknown> = Promise.resolve()

  constructor(options: EngineDeviceOptions) {
    this.#options = options
  }

  /** As the engine describes it; undefined while no engine runs. */
  get description(): string | undefined {
    return this.#engine?.device
  }

  /** Runs `work` with the device's engine. Throws `cancelled` where `signal` comes before its turn. */
  async use<T>(signal: AbortSignal, work: (engine: EngineProcess) => Promise<T>): Promise<T> {
    const turn = this.#last.then(() => this.#take(signal, work))
    this.#last = turn.catch(() => undefined)
    return turn
  }

  /** Ends the engine process after the jobs that have already asked. */
  async close(): Promise<void> {
    await this.#last
    await this.#discardEngine()
  }

  async #take<T>(signal: AbortSignal, work: (engine: EngineProcess) => Promise<T>): Promise<T> {
    if (signal.aborted) throw new TemperError('cancelled', 'stopped before the device was free')
    const engine = await this.#warmEngine()
    try {
      return await work(engine)
    } catch (thrown) {
      await this.#discardEngine()
      throw thrown
    }
  }

  async #warmEngine(): Promise<EngineProcess> {
    if (this.#engine?.alive) return this.#engine
    await this.#discardEngine()
    this.#engine = await EngineProcess.start(this.#options.engine)
    await this.#options.lock.setEngine(this.#engine.pid)
    return this.#engine
  }

  async #discardEngine(): Promise<void> {
    await this.#engine?.close()
    this.#engine = undefined
  }
}
