import { TemperError } from '@temper/db/contracts'
import type { DeviceLock } from './device-lock.ts'
import { EngineProcess, type EngineProcessOptions } from './engine-process.ts'

export interface EngineDeviceOptions {
  /** Held by this process for as long as it uses the device. */
  lock: Pick<DeviceLock, 'setEngine'>
  engine: EngineProcessOptions
}

/** `makeWay` asks a job that can go on later to end early, because somebody waits for an answer. */
export type DeviceWork<T> = (engine: EngineProcess, makeWay: AbortSignal) => Promise<T>

export interface DeviceWish {
  /** Somebody watches: the job comes before all that is not urgent, and the running one is asked to make way. */
  urgent?: boolean
}

interface Waiting {
  urgent: boolean
  begin: (makeWay: AbortSignal) => void
}

/**
 * One device and its engine process. Jobs come one after another: urgent ones first, else in the order in which they
 * asked. The process stays warm for the next job and is replaced after any failure, whatever state that left it in.
 */
export class EngineDevice {
  readonly #options: EngineDeviceOptions
  #engine: EngineProcess | undefined
  readonly #waiting: Waiting[] = []
  /** Of the job that has the device. */
  #makeWay: AbortController | undefined

  constructor(options: EngineDeviceOptions) {
    this.#options = options
  }

  /** As the engine describes it; undefined while no engine runs. */
  get description(): string | undefined {
    return this.#engine?.device
  }

  /** Whether a new job would have to wait. */
  get busy(): boolean {
    return this.#makeWay !== undefined
  }

  /** Whether somebody waits for the device. */
  get wanted(): boolean {
    return this.#waiting.length > 0
  }

  /** Runs `work` with the device's engine. Throws `cancelled` where `signal` comes before its turn. */
  async use<T>(signal: AbortSignal, work: DeviceWork<T>, { urgent = false }: DeviceWish = {}): Promise<T> {
    return this.#inTurn(urgent, signal, (makeWay) => this.#take((engine) => work(engine, makeWay)))
  }

  /** Ends the engine process after the jobs that have already asked. */
  async close(): Promise<void> {
    await this.#inTurn(false, new AbortController().signal, () => this.#discardEngine())
  }

  async #inTurn<T>(urgent: boolean, signal: AbortSignal, work: (makeWay: AbortSignal) => Promise<T>): Promise<T> {
    if (signal.aborted) throw stoppedBefore()
    const makeWay = this.busy ? await this.#wait(urgent, signal) : this.#renewMakeWay()
    try {
      return await work(makeWay)
    } finally {
      this.#passOn()
    }
  }

  /** Waits for a turn. Whoever no longer wants it leaves the queue at once. */
  #wait(urgent: boolean, signal: AbortSignal): Promise<AbortSignal> {
    if (urgent) this.#makeWay?.abort()
    const place = urgent ? this.#waiting.findLastIndex((other) => other.urgent) + 1 : this.#waiting.length
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1)
        reject(stoppedBefore())
      }
      const begin = (makeWay: AbortSignal) => {
        signal.removeEventListener('abort', leave)
        resolve(makeWay)
      }
      const waiting: Waiting = { urgent, begin }
      this.#waiting.splice(place, 0, waiting)
      signal.addEventListener('abort', leave, { once: true })
    })
  }

  /** The device stays busy while it goes from one job to the next, so that nobody slips in between. */
  #passOn(): void {
    const next = this.#waiting.shift()
    if (next) next.begin(this.#renewMakeWay())
    else this.#makeWay = undefined
  }

  #renewMakeWay(): AbortSignal {
    this.#makeWay = new AbortController()
    return this.#makeWay.signal
  }

  async #take<T>(work: (engine: EngineProcess) => Promise<T>): Promise<T> {
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

function stoppedBefore(): TemperError {
  return new TemperError('cancelled', 'stopped before the device was free')
}
