import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { type EngineCommand, type EngineEvent, engineEventSchema, type Job, TemperError } from '@temper/db/contracts'
import { type ExitFacts, exitError, outOfMemoryKills } from './exit-error.ts'

export interface EngineProcessOptions {
  /** Path of the engine's entry script. */
  entry: string
  env: NodeJS.ProcessEnv
  /** How long the process may take to be ready. */
  startTimeoutMs: number
  /** A process that reports nothing about its job for this long is hung. */
  hangTimeoutMs: number
  /** How long a stop may take before the process is killed. */
  stopTimeoutMs: number
  /** Takes what the process prints. */
  onOutput: (text: string) => void
}

export type ServeCommand = Extract<EngineCommand, { type: 'request' | 'cancel' }>
export type JobEnd = Extract<EngineEvent, { type: 'done' }>
export interface RunOptions {
  /** Must not throw; whoever keeps events does so on a queue of its own. */
  onEvent: (event: EngineEvent) => void
  /** Asks the job to stop: a training job ends at the next step with a checkpoint. One that does not is killed. */
  signal: AbortSignal
  /** Asks the same, but waits as long as the step takes: nobody loses work because somebody else wants the device. */
  makeWay?: AbortSignal
}

/** A job under way, and how it ends. */
interface Running {
  onEvent: (event: EngineEvent) => void
  resolve: (end: JobEnd) => void
  reject: (error: TemperError) => void
}

/** One engine child process, which runs one job at a time and stays warm between jobs. */
export class EngineProcess {
  readonly pid: number
  /** As the engine describes it: the processor, or the GPU. */
  readonly device: string
  /** Settles once the process is gone. */
  readonly exited: Promise<ExitFacts>
  readonly #child: ChildProcess
  readonly #options: EngineProcessOptions
  #running: Running | undefined
  #hangTimer: NodeJS.Timeout | undefined
  #error: TemperError | undefined

  private constructor(
    child: ChildProcess,
    ready: { pid: number; device: string },
    exited: Promise<ExitFacts>,
    options: EngineProcessOptions,
  ) {
    this.#child = child
    this.#options = options
    this.pid = ready.pid
    this.device = ready.device
    this.exited = exited
    child.on('message', (message) => this.#receive(message))
    void exited.then((facts) => this.#fail(exitError(facts)))
  }

  /** Starts the process and waits until it is ready. Throws what its exit means, or `engine_failed` if that takes too long. */
  static async start(options: EngineProcessOptions): Promise<EngineProcess> {
    const child = fork(options.entry, [], {
      execArgv: ['--import', import.meta.resolve('tsx')],
      env: options.env,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    const exited = watchExit(child, options.onOutput)
    const ready = await Promise.race([firstMessage(child, options.startTimeoutMs), exited])
    if ('stderr' in ready) throw exitError(ready)
    return new EngineProcess(child, ready, exited, options)
  }

  get alive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null && this.#error === undefined
  }

  /** Runs one job to its end. Throws the engine's own failure, or what the exit of the process means. */
  async run(job: Job, { onEvent, signal, makeWay }: RunOptions): Promise<JobEnd> {
    if (this.#error) throw this.#error
    if (this.#running) throw new TemperError('conflict', 'the engine process already runs a job')
    let stopTimer: NodeJS.Timeout | undefined
    const ask = () => this.#send({ type: 'stop' })
    const stop = () => {
      ask()
      stopTimer = setTimeout(() => this.#kill('the engine did not stop when asked'), this.#options.stopTimeoutMs)
    }
    try {
      return await new Promise<JobEnd>((resolve, reject) => {
        this.#running = { onEvent, resolve, reject }
        this.#watchForHang()
        this.#send({ type: 'run', job })
        whenAborted(signal, stop)
        if (makeWay) whenAborted(makeWay, ask)
      })
    } finally {
      this.#running = undefined
      clearTimeout(this.#hangTimer)
      clearTimeout(stopTimer)
      signal.removeEventListener('abort', stop)
      makeWay?.removeEventListener('abort', ask)
    }
  }

  /** Hands a request, or its cancellation, to the `serve` job that runs; its answer comes in events. */
  tell(command: ServeCommand): void {
    this.#send(command)
  }

  /** Ends the process: it leaves when its channel closes, else it is told to, else it is killed. */
  async close(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect()
    const timers = [
      setTimeout(() => this.#child.kill('SIGTERM'), this.#options.stopTimeoutMs),
      setTimeout(() => this.#child.kill('SIGKILL'), this.#options.stopTimeoutMs * 2),
    ]
    await this.exited
    for (const timer of timers) clearTimeout(timer)
  }

  #send(command: EngineCommand): void {
    // A closed channel means that the process is going; its exit tells the rest.
    if (this.#child.connected) this.#child.send(command, () => undefined)
  }

  #receive(message: unknown): void {
    if (!this.#running) return
    const parsed = engineEventSchema.safeParse(message)
    if (parsed.success) this.#handle(parsed.data, this.#running)
    else this.#kill(`the engine sent a message that is no event: ${parsed.error.message}`)
  }

  #handle(event: EngineEvent, running: Running): void {
    this.#watchForHang()
    running.onEvent(event)
    if (event.type === 'done') running.resolve(event)
    if (event.type === 'failed') {
      running.reject(new TemperError(event.code, event.message, { details: event.details }))
    }
  }

  #watchForHang(): void {
    clearTimeout(this.#hangTimer)
    const { hangTimeoutMs } = this.#options
    const kill = () => this.#kill(`the engine reported nothing for ${hangTimeoutMs / 1000} s`)
    this.#hangTimer = setTimeout(kill, hangTimeoutMs)
  }

  #kill(reason: string): void {
    this.#fail(new TemperError('engine_failed', reason))
    this.#child.kill('SIGKILL')
  }

  /** The first reason is the one that counts; the exit that follows from it says nothing new. */
  #fail(error: TemperError): void {
    this.#error ??= error
    this.#running?.reject(this.#error)
  }
}

function whenAborted(signal: AbortSignal, act: () => void): void {
  if (signal.aborted) act()
  else signal.addEventListener('abort', act, { once: true })
}

async function firstMessage(child: ChildProcess, timeoutMs: number) {
  const signal = AbortSignal.timeout(timeoutMs)
  try {
    const [message] = await once(child, 'message', { signal })
    const event = engineEventSchema.parse(message)
    if (event.type === 'ready') return event
    throw new TemperError('engine_failed', `the engine began with a ${event.type} event instead of ready`)
  } catch (thrown) {
    child.kill('SIGKILL')
    throw new TemperError('engine_failed', 'the engine process did not become ready', { cause: thrown })
  }
}

/** Characters of the error output that a failure message may need. */
const keptOutput = 4_000

function watchExit(child: ChildProcess, onOutput: (text: string) => void): Promise<ExitFacts> {
  const killsBefore = outOfMemoryKills()
  let stderr = ''
  child.stdout?.setEncoding('utf8').on('data', onOutput)
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-keptOutput)
    onOutput(text)
  })
  const facts = (exitCode: number | null, signal: NodeJS.Signals | null): ExitFacts => ({
    exitCode,
    signal,
    stderr,
    ranOutOfMemory: outOfMemoryKills() > killsBefore,
  })
  return new Promise((resolve) => {
    child.once('error', (error) => {
      stderr = error.message
      resolve(facts(null, null))
    })
    // Not `close`, which Node 20 never emits once the parent has closed the channel.
    child.once('exit', (exitCode, signal) => {
      const end = () => resolve(facts(exitCode, signal))
      if (child.stderr === null || child.stderr.closed) end()
      else child.stderr.once('close', end)
    })
  })
}
