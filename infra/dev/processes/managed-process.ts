import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { TemperError } from '@temper/db/contracts'
import { identify, type ProcessIdentity } from '../../setup/process-identity.mjs'
import { lastLines } from './last-lines.ts'
import { stopProcess } from './leftovers.mjs'
import { type ProcessRecord, processesFolder, removeRecord, stackMark, writeRecord } from './records.mjs'

/** What to run and how to tell that it serves. */
export interface PartSpec {
  name: string
  /** Place in the start order; parts of one place start together. */
  order: number
  command: string
  args: string[]
  cwd: string
  env: Record<string, string | undefined>
  user?: { uid: number; gid: number } | undefined
  stopSignal: NodeJS.Signals
  stopGraceMs: number
  /** Resolves to true once the part serves; asked again until then. */
  isReady: (startedAtMs: number) => Promise<boolean>
  readyTimeoutMs: number
}

export interface StackIdentity {
  home: string
  instance: string
}

export type Exit = { code: number | null; signal: NodeJS.Signals | null }

/** One running child of a stack: in a session of its own, with its output in `logs/<part>.log`. */
export class ManagedProcess {
  readonly pid: number
  readonly exited: Promise<Exit>
  private readonly identity: ProcessIdentity
  private readonly logPath: string
  private readonly recordFolder: string
  private readonly spec: PartSpec
  private readonly startedAtMs = Date.now()
  private hasExited = false

  private constructor(spec: PartSpec, stack: StackIdentity, child: ChildProcess, identity: ProcessIdentity) {
    this.spec = spec
    this.pid = identity.pid
    this.identity = identity
    this.logPath = logPath(stack.home, spec.name)
    this.recordFolder = join(processesFolder(stack.home), stack.instance)
    this.exited = once(child, 'exit').then(([code, signal]) => {
      this.hasExited = true
      removeRecord(this.recordFolder, spec.name)
      return { code, signal }
    })
    const { name: part, order, stopSignal, stopGraceMs } = spec
    writeRecord(this.recordFolder, { ...identity, part, order, stopSignal, stopGraceMs } satisfies ProcessRecord)
  }

  /** Starts the part. Throws `setup_failed` when its program cannot be run at all. */
  static async start(spec: PartSpec, stack: StackIdentity): Promise<ManagedProcess> {
    mkdirSync(join(stack.home, 'logs'), { recursive: true, mode: 0o700 })
    const log = openSync(logPath(stack.home, spec.name), 'a', 0o600)
    const child = spawn(spec.command, spec.args, {
      cwd: spec.cwd,
      env: { ...spec.env, ...stackMark(stack.home, stack.instance) },
      stdio: ['ignore', log, log],
      detached: true,
      ...spec.user,
    })
    closeSync(log)
    const identity = child.pid === undefined ? undefined : identify(child.pid)
    if (identity === undefined) throw await cannotRun(spec, child)
    return new ManagedProcess(spec, stack, child, identity)
  }

  /** Waits until the part serves. Throws `unavailable` with the end of its log when it ends or hangs instead. */
  async untilReady(): Promise<void> {
    const deadline = Date.now() + this.spec.readyTimeoutMs
    while (!(await this.spec.isReady(this.startedAtMs))) {
      if (this.hasExited) throw this.failure('ended while starting')
      if (Date.now() > deadline) throw this.failure(`did not serve within ${this.spec.readyTimeoutMs / 1000} s`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  async stop(): Promise<void> {
    await stopProcess(this.identity, this.spec.stopSignal, this.spec.stopGraceMs)
    await this.exited
  }

  /** An error that carries the last lines the part wrote. */
  failure(what: string): TemperError {
    const message = `${this.spec.name} ${what}; end of ${this.logPath}:\n${lastLines(this.logPath, 15)}`
    return new TemperError('unavailable', message, { details: { part: this.spec.name, log: this.logPath } })
  }
}

function logPath(home: string, part: string): string {
  return join(home, 'logs', `${part}.log`)
}

async function cannotRun(spec: PartSpec, child: ChildProcess): Promise<TemperError> {
  const [cause] = child.pid === undefined ? await once(child, 'error') : [undefined]
  const reason = cause instanceof Error ? cause.message : 'it ended at once'
  return new TemperError('setup_failed', `cannot run ${spec.name} (${spec.command}): ${reason}`, { cause })
}
