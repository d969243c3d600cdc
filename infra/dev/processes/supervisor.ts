import { setTimeout as sleep } from 'node:timers/promises'
import { TemperError, toTemperError } from '@temper/db/contracts'
import { startGuardian } from './guardian.ts'
import { stopInstance } from './leftovers.mjs'
import { ManagedProcess, type PartSpec, type StackIdentity } from './managed-process.ts'

const maxRestarts = 5
/** A part that has served this long counts as healthy: its earlier crashes are forgotten. */
const healthyAfterMs = 60_000

interface Part {
  spec: PartSpec
  process: ManagedProcess
  /** Set while the part is being stopped on purpose. */
  stopping: boolean
  crashes: number
}

/** Starts parts, reports and restarts those that crash, and stops all in reverse order. */
export class Supervisor {
  /** Resolves with the reason when a part crashed too often to be restarted again. */
  readonly gaveUp: Promise<TemperError>
  private readonly giveUp: (reason: TemperError) => void
  private readonly parts: Part[] = []
  private readonly stack: StackIdentity
  private readonly log: (line: string) => void
  private readonly dismissGuardian: () => Promise<void>
  private readonly stopSignal = new AbortController()

  constructor(stack: StackIdentity, log: (line: string) => void) {
    this.stack = stack
    this.log = log
    const { promise, resolve } = deferred<TemperError>()
    this.gaveUp = promise
    this.giveUp = resolve
    this.dismissGuardian = startGuardian(stack)
  }

  /** Starts a part and waits until it serves; from then on it is watched. */
  async start(spec: PartSpec): Promise<void> {
    const part: Part = { spec, process: await ManagedProcess.start(spec, this.stack), stopping: false, crashes: 0 }
    this.parts.push(part)
    await part.process.untilReady()
    this.watch(part)
  }

  /** Stops and starts one part; the others stay. */
  async restart(name: string): Promise<void> {
    const part = this.find(name)
    part.stopping = true
    await part.process.stop()
    part.process = await ManagedProcess.start(part.spec, this.stack)
    await part.process.untilReady()
    part.stopping = false
    this.watch(part)
  }

  pidOf(name: string): number {
    return this.find(name).process.pid
  }

  /** Stops all parts, the last started first. */
  async stop(): Promise<void> {
    this.stopSignal.abort()
    const parts = this.parts.splice(0).sort((left, right) => right.spec.order - left.spec.order)
    for (const part of parts) {
      part.stopping = true
      await part.process.stop()
    }
    await this.dismissGuardian()
    // Whatever a part has left behind carries the mark of this instance.
    await stopInstance(this.stack.home, this.stack.instance)
  }

  private find(name: string): Part {
    const part = this.parts.find(({ spec }) => spec.name === name)
    if (part === undefined) throw new TemperError('not_found', `this stack runs no part named ${name}`)
    return part
  }

  private watch(part: Part): void {
    const watched = part.process
    const servedSince = Date.now()
    void watched.exited.then(async ({ code, signal }) => {
      if (part.stopping || part.process !== watched) return
      if (Date.now() - servedSince > healthyAfterMs) part.crashes = 0
      this.log(watched.failure(`ended unexpectedly (${signal ?? `exit code ${code}`})`).message)
      await this.revive(part).catch((thrown: unknown) => this.giveUp(toTemperError(thrown)))
    })
  }

  /** Tries again after 1, 2, 4, 8 and 16 s. */
  private async revive(part: Part): Promise<void> {
    for (; part.crashes < maxRestarts; ) {
      const delayMs = 1000 * 2 ** part.crashes++
      this.log(`${part.spec.name} is started again in ${delayMs / 1000} s (${part.crashes} of ${maxRestarts})`)
      if (!(await this.pause(delayMs)) || part.stopping) return
      try {
        part.process = await ManagedProcess.start(part.spec, this.stack)
        await part.process.untilReady()
        return this.watch(part)
      } catch (thrown) {
        if (part.stopping) return
        this.log(toTemperError(thrown).message)
        await part.process.stop()
      }
    }
    throw new TemperError('unavailable', `${part.spec.name} ended ${maxRestarts + 1} times; the stack stops`)
  }

  /** False when the stack began to stop meanwhile. */
  private pause(ms: number): Promise<boolean> {
    return sleep(ms, true, { signal: this.stopSignal.signal }).catch(() => false)
  }
}

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined
  const promise = new Promise<T>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}
